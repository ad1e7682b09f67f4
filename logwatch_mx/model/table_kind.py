"""The kinds of Postfix tables that a map of ours may be (postmap(1))."""

#: Those that we can write, best first: lmdb is changed in place, the others need a reload.
KINDS = ("lmdb", "cdb", "hash", "btree")
#: What needs no reload.
IN_PLACE = "lmdb"
#: What a kind of table makes of the path that main.cf names.
SUFFIXES = {
    "lmdb": ".lmdb", "cdb": ".cdb", "hash": ".db", "btree": ".db", "dbm": ".dir", "sdbm": ".dir",
}  # fmt: skip
