#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every verb of every utility with every kind of mistake: each is an error of the right number and exit code, in the
# form of the messages, shows no control byte, and changes nothing.
#
#	node b, a slave: the utilities     volume vol1: plexes vol1-01, -02, logs; disks d1 d2 d3 in the group, d4 set up
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

# ---- in the node: reads lines "EXIT-CODE NUMBER COMMAND", prints what is not as it must be ----

# shellcheck disable=SC2034  # the commands of the table use them
words() {
	LONG=$(printf 'x%.0s' $(seq 40))
	HUGE=$(printf 'x%.0s' $(seq 5000))
	BAD=$'bad\e[31mname\r\nvxha vxdg ERROR V-80-1-0000 x\302\233'
	TXID=00112233445566778899aabbccddeeff
}

state_here() {
	vxprint -ht
	vxdg list "$1"
	vxdisk list
	vxinfo -p
	vxdctl -c mode
}

mistaken() {	# mistaken GROUP EXIT-CODE NUMBER COMMAND
	local before err status=0 why='' tool=${4%% *}

	before=$(state_here "$1")
	err=$({ eval "timeout 20 $4" >/dev/null; } 2>&1) || status=$?
	[ "$status" = "$2" ] || why="exit code $status, not $2"
	grep -q "^vxha $tool ERROR V-80-1-$3 " <<<"$err" || why="$why; no V-80-1-$3"
	! grep -vE "^vxha $tool (ERROR|WARNING) V-80-1-[1-9][0-9]{3} [^ ]+ " <<<"$err" || why="$why; form"
	[ ${#err} -lt 900 ] || why="$why; too long"
	! LC_ALL=C grep -q '[[:cntrl:]]' <<<"$err" || why="$why; control bytes"
	[ "$(state_here "$1")" = "$before" ] || why="$why; something was changed"
	[ -z "$why" ] || printf '%s: %s\n%s\n' "$4" "${why#; }" "$err" | cat -v
	[ -z "$why" ]
}

all_mistaken() {
	local code number command bad=0

	words
	while read -r code number command; do
		mistaken "$1" "$code" "$number" "$command" </dev/null || bad=1
	done
	return $bad
}

# ---- the table ----

# Mistakes that every verb can meet. VERB takes no attribute, unless it is one of NAME=DEVICE words.
any_verb() {	# any_verb TOOL 'VERB AND OPERANDS'
	echo "1 1111 $1 --nosuch $2"
	echo "1 1111 $1 -Z $2"
	echo "2 1118 $1 $2 ''"
	echo "2 1128 $1 $2 \"\$HUGE\""
	case $2 in
	*init* | *adddisk*) ;;
	*) echo "2 1022 $1 $2 nosuch=1" ;;
	esac
}

needs_group() {	# ... of verbs that cannot do without -g
	any_verb "$1" "-g $GROUP $2"
	echo "1 1120 $1 $2"
	wrong_group "$@"
}

wrong_group() {	# ... of verbs that take it
	echo "9 1002 $1 -g nosuch $2"
	echo "9 1002 $1 -g \"\$BAD\" $2"
	echo "9 1002 $1 -g \$LONG $2"
	echo "1 1112 $1 -g '' $2"
	echo "1 1112 $1 $2 -g"
	echo "1 1129 $1 -g $GROUP --group=$GROUP $2"
}

no_operands() {	# ... of verbs that take none
	echo "1 1116 $1 $2 extra"
}

table_vxassist() {
	needs_group vxassist "make v 10m"
	needs_group vxassist "remove volume vol1"
	needs_group vxassist "mirror vol1"
	needs_group vxassist "addlog vol1"
	needs_group vxassist "maxsize"
	cat <<-'END'
		1 1114 vxassist
		1 1024 vxassist nosuch
		1 1024 vxassist "$BAD"
		1 1115 vxassist -g data make
		1 1115 vxassist -g data make v
		2 1004 vxassist -g data make "$BAD" 10m
		2 1004 vxassist -g data make $LONG 10m
		2 1004 vxassist -g data make a/b 10m
		2 1004 vxassist -g data make -- -v 10m
		12 1005 vxassist -g data make vol1 10m
		12 1005 vxassist -g data make d1 10m
		2 1026 vxassist -g data make v 99999999999999999999m
		2 1026 vxassist -g data make v 9223372036854775807p
		2 1026 vxassist -g data make v 0
		2 1020 vxassist -g data make v -1m
		2 1020 vxassist -g data make v 10x
		2 1020 vxassist -g data make v "$BAD"
		20 1021 vxassist -g data make v 900g
		11 1034 vxassist -g data make v 10m d9
		1 1064 vxassist -g data make v 10m d1 d1
		2 1026 vxassist -g data make v 16e
		11 1034 vxassist -g data make v 10m "$BAD"
		2 1023 vxassist -g data make v 10m layout=
		2 1023 vxassist -g data make v 10m layout=mirror,nosuch
		2 1023 vxassist -g data make v 10m "layout=$BAD"
		2 1023 vxassist -g data make v 10m layout=stripe-mirror
		2 1023 vxassist -g data make v 10m layout=stripe ncol=1
		2 1023 vxassist -g data make v 10m layout=stripe stripeunit=1000
		2 1023 vxassist -g data make v 10m layout=stripe "stripeunit=$BAD"
		2 1023 vxassist -g data make v 10m ncol=2
		20 1021 vxassist -g data make v 10m layout=stripe ncol=256
		2 1023 vxassist -g data make v 10m nmirror=0
		2 1023 vxassist -g data make v 10m nmirror=-1
		2 1023 vxassist -g data make v 10m nmirror=99999999999999999999
		2 1023 vxassist -g data make v 10m logtype=nosuch
		2 1023 vxassist -g data make v 10m nlog=1000000000000
		2 1023 vxassist -g data make v 10m init=nosuch
		2 1023 vxassist -g data make v 10m usetype=nosuch
		2 1023 vxassist -g data make v 10m "comment=$BAD"
		2 1023 vxassist -g data make v 10m "comment=$(printf '\377\376')"
		2 1023 vxassist -g data make v 10m comment=$LONG$LONG
		1 1132 vxassist -g data make v 10m nmirror=2 nmirror=3
		1 1130 vxassist -g data --json make v 10m
		1 1115 vxassist -g data remove
		1 1065 vxassist -g data remove vol1
		1 1025 vxassist -g data remove mirror
		11 1030 vxassist -g data remove mirror nosuch
		1 1025 vxassist -g data remove mirror vol1 d1
		11 1034 vxassist -g data remove mirror vol1 !d9
		2 1023 vxassist -g data remove mirror vol1 nmirror=0
		2 1023 vxassist -g data remove log vol1 nmirror=1
		1 1115 vxassist -g data growto vol1
		20 1084 vxassist -g data growto vol1 1m
		2 1020 vxassist -g data growby vol1 "$BAD"
		2 1026 vxassist -g data growby vol1 9223372036854775807p
		20 1021 vxassist -g data growby vol1 900g
		11 1034 vxassist -g data growby vol1 1m d9
		20 1086 vxassist -g data shrinkby vol1 1m
		2 1026 vxassist -g data -f shrinkby vol1 200m
		1 1116 vxassist -g data shrinkto vol1 1m d1
		11 1030 vxassist -g data shrinkto nosuch 1m
		1 1115 vxassist -g data mirror
		11 1030 vxassist -g data mirror "$BAD"
		11 1034 vxassist -g data mirror vol1 d9
		20 1021 vxassist -g data mirror vol1 nmirror=8
		5 1027 vxassist -g data mirror vol1 nmirror=32
		11 1030 vxassist -g data addlog nosuch
		2 1023 vxassist -g data addlog vol1 nlog=0
		1 1025 vxassist -g data remove volume
		11 1030 vxassist -g data remove volume nosuch
		11 1030 vxassist -g data remove volume vol1 "$BAD"
		1 1064 vxassist -g data remove volume vol1 vol1
		1 1130 vxassist -g data remove volume vol1 -b
		11 1034 vxassist -g data maxsize d9
		2 1023 vxassist -g data maxsize nmirror=0
		1 1130 vxassist -g data maxsize -n
	END
}

table_vxdctl() {
	local verb
	for verb in mode list enable disable stop protocolversion protocolrange support; do
		any_verb vxdctl $verb
		no_operands vxdctl $verb
		[ $verb = mode ] || echo "1 1130 vxdctl -c $verb"
		[ $verb = stop ] || echo "1 1130 vxdctl -k $verb"
	done
	any_verb vxdctl 'outcome $TXID'
	any_verb vxdctl audit
	no_operands vxdctl audit
	wrong_group vxdctl audit
	cat <<-'END'
		1 1114 vxdctl
		1 1024 vxdctl nosuch
		1 1119 vxdctl -g data mode
		1 1115 vxdctl outcome
		1 1116 vxdctl outcome $TXID $TXID
		1 1025 vxdctl outcome nosuch
		1 1025 vxdctl outcome 99999999999999999999
		1 1025 vxdctl outcome "$BAD"
		1 1130 vxdctl --json enable
	END
}

table_vxdg() {
	any_verb vxdg "-s init other d4"
	any_verb vxdg "-s import other"
	any_verb vxdg "deport other"
	any_verb vxdg "destroy other"
	needs_group vxdg "adddisk d4"
	needs_group vxdg "rmdisk d3"
	needs_group vxdg "set activation=sw"
	any_verb vxdg list
	wrong_group vxdg list
	any_verb vxdg free
	wrong_group vxdg free
	cat <<-'END'
		1 1114 vxdg
		1 1024 vxdg nosuch
		1 1115 vxdg -s init
		1 1115 vxdg -s init other
		12 1001 vxdg -s init data d4
		2 1004 vxdg -s init "$BAD" d4
		2 1004 vxdg -s init $LONG d4
		11 1010 vxdg -s init other d9
		11 1010 vxdg -s init other "$BAD"
		13 1012 vxdg -s init other d1
		1 1014 vxdg -s init other x=d4 y=d4
		2 1133 vxdg -s init other =d4
		2 1133 vxdg -s init other x=
		2 1004 vxdg -s init other "$BAD=d4"
		2 1023 vxdg -s init other d4 minor=99999999999
		2 1023 vxdg -s init other d4 minor=-1
		2 1023 vxdg -s init other d4 nconfig=0
		2 1023 vxdg -s init other d4 cds=nosuch
		11 1010 vxdg -s init other d4 nlog=1
		1 1132 vxdg -s init other d4 minor=1 minor=2
		1 1119 vxdg -g data -s init other d4
		1 1130 vxdg -s -C init other d4
		1 1025 vxdg init other d4
		1 1115 vxdg -s import
		1 1116 vxdg -s import a b
		9 1008 vxdg -s import nosuch
		9 1008 vxdg -s import "$BAD"
		12 1063 vxdg -s import data
		1 1115 vxdg deport
		1 1116 vxdg deport a b
		9 1002 vxdg deport nosuch
		1 1119 vxdg -g data deport data
		1 1130 vxdg -s deport nosuch
		1 1115 vxdg destroy
		9 1002 vxdg destroy nosuch
		9 1002 vxdg destroy "$BAD"
		1 1115 vxdg -g data adddisk
		11 1010 vxdg -g data adddisk d9
		13 1012 vxdg -g data adddisk d1
		12 1005 vxdg -g data adddisk d1=d4
		2 1004 vxdg -g data adddisk "$BAD=d4"
		2 1133 vxdg -g data adddisk =d4
		1 1014 vxdg -g data adddisk x=d4 y=d4
		1 1115 vxdg -g data rmdisk
		11 1034 vxdg -g data rmdisk d9
		16 1035 vxdg -g data rmdisk d1
		1 1064 vxdg -g data rmdisk d9 d9
		1 1025 vxdg -g data set
		1 1116 vxdg -g data set nosuch
		2 1023 vxdg -g data set activation=nosuch
		2 1023 vxdg -g data set activation=
		2 1023 vxdg -g data set "activation=$BAD"
		1 1132 vxdg -g data set activation=sw activation=off
		2 1023 vxdg -g data set activation=sw diskdetpolicy=local
		2 1023 vxdg -g data set diskdetpolicy=nosuch
		9 1002 vxdg list nosuch
		1 1064 vxdg list data data
		9 1002 vxdg --json list data nosuch
		9 1002 vxdg list "$BAD"
		1 1130 vxdg -C list
		1 1130 vxdg -f list
		11 1067 vxdg free nosuch
		11 1068 vxdg -g data free d1 nosuch
		11 1068 vxdg -g data --json free "$BAD"
	END
}

table_vxdisk() {
	any_verb vxdisk list
	wrong_group vxdisk list
	any_verb vxdisk "setup d4"
	any_verb vxdisk scandisks
	no_operands vxdisk scandisks
	cat <<-'END'
		1 1114 vxdisk
		1 1024 vxdisk nosuch
		11 1010 vxdisk list nosuch
		11 1010 vxdisk list d1 "$BAD"
		11 1010 vxdisk --json list d1 nosuch
		11 1068 vxdisk -g data list d4
		1 1115 vxdisk setup
		11 1010 vxdisk setup nosuch
		11 1010 vxdisk setup d4 nosuch
		13 1012 vxdisk setup d4 d1
		13 1012 vxdisk -f setup d1
		1 1064 vxdisk setup d4 d4
		20 1060 vxdisk setup d4 privlen=0
		2 1026 vxdisk setup d4 privlen=99999999999999999999m
		2 1020 vxdisk setup d4 privlen=-1m
		2 1020 vxdisk setup d4 "privlen=$BAD"
		1 1119 vxdisk -g data setup d4
		1 1130 vxdisk -f list
	END
}

table_vxinfo() {
	any_verb vxinfo ""
	wrong_group vxinfo ""
	cat <<-'END'
		11 1067 vxinfo nosuch
		11 1068 vxinfo -g data nosuch
		11 1068 vxinfo -g data d1
		11 1067 vxinfo --json "$BAD"
	END
}

table_vxplex() {
	needs_group vxplex "det vol1-02"
	needs_group vxplex "dis vol1-02"
	needs_group vxplex "att vol1 vol1-02"
	needs_group vxplex "mv vol1-01 vol1-02"
	needs_group vxplex "cp vol1 vol1-02"
	cat <<-'END'
		1 1114 vxplex
		1 1024 vxplex -g data mend vol1-01 vol1-02
		11 1030 vxplex -g data cp vol1-01 vol1-02
		1 1115 vxplex -g data mv vol1-01
		16 1091 vxplex -g data mv vol1-01 vol1-02
		20 1037 vxplex -g data att vol1 vol1-02
		1 1115 vxplex -g data att vol1
		11 1030 vxplex -g data att nosuch vol1-02
		11 1032 vxplex -g data att vol1 "$BAD"
		1 1115 vxplex -g data det
		11 1032 vxplex -g data det nosuch
		11 1032 vxplex -g data det vol1
		11 1032 vxplex -g data det "$BAD"
		1 1064 vxplex -g data det vol1-02 vol1-02
		18 1033 vxplex -g data det vol1-01 vol1-02
		1 1130 vxplex -g data -o rm det vol1-02
		1 1115 vxplex -g data dis
		11 1032 vxplex -g data -o rm dis nosuch
		1 1029 vxplex -g data -o nosuch dis vol1-02
		1 1029 vxplex -g data -o "$BAD" dis vol1-02
		1 1112 vxplex -g data -o '' dis vol1-02
		18 1033 vxplex -g data -o rm dis vol1-01 vol1-02
	END
}

table_vxprint() {
	any_verb vxprint ""
	wrong_group vxprint ""
	cat <<-'END'
		11 1067 vxprint nosuch
		11 1067 vxprint -l vol1 "$BAD"
		11 1068 vxprint -g data -ht nosuch
		11 1067 vxprint -d vol1
	END
}

table_vxrecover() {
	needs_group vxrecover ""
	needs_group vxrecover "-s vol1"
	needs_group vxrecover "-p"
	cat <<-'END'
		11 1030 vxrecover -g data nosuch
		11 1030 vxrecover -g data vol1 nosuch
		11 1030 vxrecover -g data -s "$BAD"
		11 1030 vxrecover -g data -p nosuch
		11 1030 vxrecover -g data vol1-01
	END
}

table_vxstat() {
	any_verb vxstat ""
	wrong_group vxstat ""
	cat <<-'END'
		11 1067 vxstat nosuch
		11 1068 vxstat -g data vol1 nosuch
		11 1068 vxstat -g data -r nosuch
		11 1067 vxstat "$BAD"
		11 1138 vxstat -p vol1
		2 1121 vxstat -i 0
		2 1121 vxstat -i -1
		2 1121 vxstat -i 99999999999999999999
		2 1121 vxstat -i "$BAD"
		2 1121 vxstat -i 1 -c 0
		1 1129 vxstat -i 1 -i 2
		1 1131 vxstat -c 3
		11 1124 vxstat -n nosuch
		11 1124 vxstat -n a,nosuch
		11 1124 vxstat -n ,
	END
}

table_vxtask() {
	local verb
	for verb in list monitor; do
		any_verb vxtask $verb
		wrong_group vxtask $verb
		echo "11 1061 vxtask $verb nosuch"
		echo "11 1061 vxtask $verb 77777"
		echo "11 1061 vxtask -g $GROUP $verb vol1 \"\$BAD\""
		echo "11 1061 vxtask $verb vol1-01"
	done
	cat <<-'END'
		1 1114 vxtask
		1 1024 vxtask nosuch
		2 1121 vxtask -w 0 monitor
		2 1121 vxtask -w 99999999999999999999 monitor
		1 1130 vxtask -w 1 list
	END
}

table_vxvol() {
	needs_group vxvol "start vol1"
	needs_group vxvol "stop vol1"
	needs_group vxvol startall
	needs_group vxvol stopall
	needs_group vxvol "rdpol round vol1"
	needs_group vxvol "set comment=x vol1"
	no_operands "vxvol -g $GROUP" startall
	no_operands "vxvol -g $GROUP" stopall
	cat <<-'END'
		1 1114 vxvol
		1 1024 vxvol -g data nosuch vol1
		1 1115 vxvol -g data start
		11 1030 vxvol -g data start nosuch
		25 1039 vxvol -g data start vol1
		1 1064 vxvol -g data start vol1 vol1
		1 1115 vxvol -g data stop
		11 1030 vxvol -g data stop vol1 "$BAD"
		1 1064 vxvol -g data stop vol1 vol1
		1 1115 vxvol -g data rdpol
		1 1115 vxvol -g data rdpol round
		2 1066 vxvol -g data rdpol nosuch vol1
		2 1066 vxvol -g data rdpol "$BAD" vol1
		11 1030 vxvol -g data rdpol round nosuch
		1 1025 vxvol -g data rdpol round vol1 vol1-01
		1 1025 vxvol -g data rdpol prefer vol1
		11 1032 vxvol -g data rdpol prefer vol1 nosuch
		16 1053 vxvol -g data rdpol prefer vol1 vol1-03
		1 1116 vxvol -g data rdpol prefer vol1 vol1-01 vol1-02
		1 1025 vxvol -g data set vol1
		1 1115 vxvol -g data set comment=x
		11 1030 vxvol -g data set comment=x nosuch
		1 1132 vxvol -g data set comment=x comment=y vol1
		2 1023 vxvol -g data set "comment=$BAD" vol1
	END
}

tool_refuses() {
	on b bash -c "$(declare -f words state_here mistaken all_mistaken); all_mistaken $GROUP" <"$WORK/$1"
}

everywhere() {
	local n
	for n in $NODES; do
		on "$n" bash -c "$(declare -f state_here); state_here $GROUP"
	done
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need volume
check "d4 is set up" on a vxdisk setup d4
# shellcheck disable=SC2046
check "b is a slave" test "$(role_of b)" = SLAVE
before=$(everywhere)
for tool in vxassist vxdctl vxdg vxdisk vxinfo vxplex vxprint vxrecover vxstat vxtask vxvol; do
	"table_$tool" >"$WORK/$tool"
	check "$tool: $(wc -l <"$WORK/$tool") mistakes are refused, change nothing" tool_refuses $tool
done
check "vxclustadm: no node has that name" output_has "V-80-2-2022 node nosuch: the cluster has no node" \
	on b sh -c '! vxclustadm fenced a nosuch 2>&1'
check "... and these were never fenced" output_has "^3: last fenced: never" on b vxclustadm fenced a 3
check "vxclustadm: what a terminal would obey is shown" output_has 'V-80-2-2022 node \\x1b\[31m: ' \
	on b sh -c '! vxclustadm fenced "$(printf "\033[31m")" 2>&1'
check "vxclustadm: a full disk" output_has "V-80-2-2023 cannot write the output" \
	on b sh -c '! vxclustadm nidmap 2>&1 >/dev/full'
for daemon in vxclustd vxconfigd vxiod; do
	check "$daemon cannot write its help: said, and an error" output_has "^$daemon: cannot write the output: No space left on device\$" \
		on b sh -c "! $daemon --help 2>&1 >/dev/full"
done
check "vxclustadm: who may not ask is told" output_has "V-80-2-2003 permission denied" \
	on b sh -c '! setpriv --reuid=65534 --regid=65534 --clear-groups vxclustadm nodestate 2>&1'
member="setpriv --reuid=65534 --regid=65534 --groups=$(on b getent group vxha | cut -d: -f3)"
check "a member of group vxha may ask, if it is not its own group, too" on b sh -c "$member vxdg list && $member vxclustadm nodestate"
check "... and reaches the NBD socket" on b $member nbdinfo --size "nbd+unix:///$GROUP/$VOLUME?socket=/run/vxha/nbd.sock"
check "vxclustadm: an empty word" output_has "V-80-2-2001 setmaster: an empty word" on b sh -c "! vxclustadm setmaster '' 2>&1"
check "nothing was changed on any node" test "$(everywhere)" = "$before"
check "no log line obeys what was typed" not on b grep -q $'\e' /var/log/vxha/vxconfigd.log
