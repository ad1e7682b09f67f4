divert(-1)
ifdef(`confLWMX_MAP', `', `define(`confLWMX_MAP', `/var/lib/logwatch-mx/sendmail-route')')
LOCAL_CONFIG
# lwmx: what is done to mail for a domain: paused, discard or reject
Klwmx hash -o -t confLWMX_MAP
LOCAL_RULE_0
# lwmx: every address that is not local passes here before all routing
R$*			$: $>Lwmx $1
LOCAL_RULESETS
#### lwmx: look the domain up; an address that is not listed goes on untouched, trailing dot and all
SLwmx
R$* < @ $+ > $*			$: $1 < @ $2 > $3 $| <$&{addr_type}>
R$* $| <e s>			$@ $1				a sender is never touched
R$* < @ $+ . > $* $| < $* >	$: $1 < @ $2 . > $3 $| $(lwmx $2 $: <NO> $)
R$* < @ $+ > $* $| <e $->	$: $1 < @ $2 > $3 $| $(lwmx $2 $: <NO> $)
R$* < @ $+ > $* $| < >		$: $1 < @ $2 > $3 $| $(lwmx $2 $: <NO> $)
R$* $| < $* >			$@ $1				not listed
R$* < @ $+ . > $* $| $*		$: $1 < @ $2 > $3 $| $4
R$* < @ $+ > $* $| discard	$#loopdiscard $@ $2 $: $1 < @ $2 > $3
R$* < @ $+ > $* $| reject	$>LoopMXRefuse $1 < @ $2 > $3
R$* < @ $+ > $* $| $*		$#pause $@ $2 $: $1 < @ $2 > $3
#### refuse mail with an error; a bounce has nobody to tell and is thrown away
SLoopMXRefuse
R$* < @ $+ > $*			$: $1 @ $2 $| $1 < @ $2 > $3 $| <$&f>
R$&f $| $* < @ $+ > $* $| $*	$#loopdiscard $@ $2 $: $1 < @ $2 > $3	to the sender of the mail
R$* $| $* < @ $+ > $* $| <>	$#loopdiscard $@ $3 $: $2 < @ $3 > $4	from the queue
R$* $| $* < @ $+ > $* $| < < > >	$#loopdiscard $@ $3 $: $2 < @ $3 > $4
R$* $| $* < @ $+ > $* $| < $=n $* >	$#loopdiscard $@ $3 $: $2 < @ $3 > $4
R$* $| $*			$#error $@ 5.4.6 $: "554 mail for this domain would loop, refused by logwatch-mx"
MAILER_DEFINITIONS
# lwmx: pause connects to a port where nobody listens, so that mail stays in the queue
Mloopdiscard,	P=[FILE], F=lsDFMPEou, S=0, R=0, T=DNS/RFC822/X-Unix, A=FILE /dev/null
Mpause,	P=[IPC], F=mDFMuX, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP, E=\r\n, L=990,
		T=DNS/RFC822/SMTP, A=TCP [127.0.0.1] 1
divert(-1)
