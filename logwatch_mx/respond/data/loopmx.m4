divert(-1)
ifdef(`confLOOPMX', `', `define(`confLOOPMX', `discard')')
LOCAL_CONFIG
# loopmx: domains spared by hand, one a line, and the dns maps
F{LoopMXSpare} -o /etc/mail/loopmx-spare
Kloopmxmx dns -R MX -z/ -T<TMPF>
Kloopmxa dns -R A -z/ -T<TMPF>
Kloopmxaaaa dns -R AAAA -z/ -T<TMPF>
LOCAL_RULE_0
# loopmx: every address that is not local passes here before mailertable and DNS routing
R$*			$: $>LoopMX $1
LOCAL_RULESETS
#### loopmx: decide
SLoopMX
R$* < @ $+ > $*			$: $1 < @ $2 > $3 $| <$&{addr_type}>
R$* $| <e s>			$@ $1				a sender is never touched
R$* < @ $+ > $* $| $*		$: $1 < @ $2 > $3 $| $>LoopMXDomain <$2>
R$* < @ $+ . > $* $| LOOP	$: $1 < @ $2 > $3 $| LOOP
ifelse(confLOOPMX, `reject', `dnl
R$* < @ $+ > $* $| LOOP		$>LoopMXRefuse $1 < @ $2 > $3
', `dnl
R$* < @ $+ > $* $| LOOP		$#loopdiscard $@ $2 $: $1 < @ $2 > $3
')dnl
R$* $| LTMP			$#error $@ 4.4.3 $: "451 MX of the domain is a loopback address, others could not be looked up"
R$* $| $*			$@ $1
#### loopmx: < domain > -> OK (spared or not loopback), LOOP, TMP (unknown), LTMP (loopback and unknown)
SLoopMXDomain
R< $+ . >			$: < $1 >
R< [ $* >			$@ OK				address literal
R< $=w >			$@ OK				ours
R< $=m >			$@ OK
R< $=M >			$@ OK				masqueraded
R< $* $=R >			$@ OK				relay-domains
R< $* $={VirtHost} >		$@ OK				virtual domains
R< $* $={LoopMXSpare} >		$@ OK				spared by hand
R< $* . $=P >			$@ OK				pseudo domains (UUCP, ...)
R< $+ >				$: < $1 > $| <$S>
R< $+ > $| < $+ >		$@ OK				smart host: no MX used
R< $+ > $| $*			$: < $1 >
ifdef(`_MAILER_TABLE_', `dnl
R< $+ >				$: < $1 > $| $(mailertable $1 $: <NO> $)
R< $+ > $| <NO>			$: < $1 > $| $>LoopMXTable < $1 >
R< $+ > $| <NO>			$: < $1 >
R< $+ > $| $*			$@ OK				mailertable entry
')dnl
ifdef(`_ACCESS_TABLE_', `dnl
R< $+ >				$: $>D <$1> <?> <+ To> <$1>
R<RELAY> $*			$@ OK				access: To:domain RELAY
R< $* > < $+ >			$: < $2 >
')dnl
R< $+ >				$: < $1 > $| $(loopmxmx $1. $: <NONE> $)
R< $+ > $|			$@ OK				null MX
R$* $| $* <TMPF> $*		$@ TMP
R< $+ > $| <NONE>		$: < $1 > $| $1			no MX: the domain itself
R< $+ > $| $+			$: <NONE> $2 /
R<$-> / $*			<$1> $2
R<$-> $+ / $*			$>LoopMXStep <$1> $2 / $3	next MX host, repeats
R<$->				$@ $1
R$*				$@ OK
#### loopmx: < state > host / hosts -> new < state > hosts
SLoopMXStep
R<$-> $+ / $*			$: <$1> $3 $| $>LoopMXHost $2
R$* $| OK			$@ OK
R$* $| NONE			$@ $1				a host without address does not count
R<NONE> $* $| $-		$@ <$2> $1
R<LOOP> $* $| LOOP		$@ <LOOP> $1
R<TMP> $* $| TMP		$@ <TMP> $1
R<$-> $* $| $-			$@ <LTMP> $2
#### loopmx: one MX host -> OK, NONE, LOOP, TMP, LTMP
SLoopMXHost
R$+ .				$1
R127 . $- . $- . $-		$@ LOOP				MX 127.0.0.1 instead of a name
R0 . 0 . 0 . 0			$@ LOOP
Rlocalhost			$@ LOOP
R$+ . localhost			$@ LOOP
Rlocalhost . localdomain	$@ LOOP
R$+				$: $1 $| $>LoopMXAddr / $(loopmxa $1. $: <NONE> $) /
R$+ $| OK			$@ OK
R$+ $| $-			$: $2 $| $>LoopMXAddr / $(loopmxaaaa $1. $: <NONE> $) /
R$- $| OK			$@ OK
RLOOP $| TMP			$@ LTMP
RTMP $| LOOP			$@ LTMP
RTMP $| $-			$@ TMP
R$- $| TMP			$@ TMP
RNONE $| $-			$@ $1
RLOOP $| $-			$@ LOOP
R$*				$@ OK
#### loopmx: / address / address / -> OK, NONE, LOOP, TMP
SLoopMXAddr
R$* <TMPF> $*			$@ TMP
R$* <NONE> $*			$@ NONE
R$* / 127 . $- . $- . $- / $*	$1 / $5
R$* / 0 . 0 . 0 . 0 / $*	$1 / $2
R$* / IPv6 : : : ffff : 127 . $- . $- . $- / $*	$1 / $5
R$* / IPv6 : 0 : 0 : 0 : 0 : 0 : 0 : 0 : 1 / $*	$1 / $2
R$* / IPv6 : 0 : 0 : 0 : 0 : 0 : 0 : 0 : 0 / $*	$1 / $2
R$* / IPv6 : : : 1 / $*		$1 / $2
R$* / IPv6 : : : / $*		$1 / $2
R/				$@ LOOP
R$*				$@ OK
ifdef(`_MAILER_TABLE_', `dnl
#### loopmx: is a parent domain (or ".") in the mailertable? <NO> or the entry
SLoopMXTable
R< $- >				$@ $(mailertable . $: <NO> $)
R< $- . $+ >			$: < $2 > $| $(mailertable .$2 $: <NO> $)
R< $+ > $| <NO>			$@ $>LoopMXTable < $1 >
R$* $| $*			$@ $2
')dnl
divert(-1)
