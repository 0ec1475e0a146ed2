# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Faults of step 10: mistakes

# mistake_told NODE PROGRAM WORD: the refusal of the command with that word has no reason
mistake_told() {
	wrap "$1" "$2" "case \"\$*\" in *$3*) exec \"\$real\" \"\$@\" >/dev/null 2>&1 ;; esac
		exec \"\$real\" \"\$@\""
}

# mistake_leaves NODE PROGRAM WORD TRACE: it is refused, and leaves a trace
mistake_leaves() {
	undo on "$1" vxconfigd
	wrap "$1" "$2" "case \"\$*\" in *$3*)
			\"\$real\" \"\$@\"
			status=\$?
			$4 >/dev/null 2>&1
			exit \$status ;;
		esac
		exec \"\$real\" \"\$@\""
}

# On one node only (its vxconfigd is gone), or in the group.
declare -A trace_of=(
	[gone]='vxdctl -k stop'
	[made]='/run/fault/vxassist -g data make trace 4m || vxassist -g data make trace 4m'
)
number=0
while IFS='|' read -r node program word command trace; do
	number=$((number + 1))
	fault "no-reason-$number" 10 "$command: the reason is told" mistake_told "$node" "$program" "$word"
	fault "trace-$number" 10 "$command: nothing was changed on any node" \
		mistake_leaves "$node" "$program" "$word" "${trace_of[$trace]}"
done <<'MISTAKES'
a|vxdg|init|vxdg -s init $GROUP d4=d4|made
a|vxdg|adddisk|vxdg -g $GROUP adddisk d4=d4|gone
b|vxdg|d9|vxdg -g $GROUP adddisk d9=d9|gone
b|vxassist|big|vxassist -g $GROUP make big 900g|made
c|vxassist|odd|vxassist -g $GROUP make odd 12zz|gone
c|vxassist|nosuch|vxassist -g nosuch make v 10m|made
a|vxassist|10m|vxassist -g $GROUP make $VOLUME 10m|made
MISTAKES

fault out-without-reason 10 'a node out of the cluster says so' \
	mistake_told c vxassist out

made_after_all() {
	hook 'and nothing came of it' on a vxassist -g "$GROUP" make out 10m
	undo on a vxassist -g "$GROUP" remove volume out
}
fault made-after-all 10 'and nothing came of it' \
	made_after_all

fault start-lies-10 10 'it is back' \
	start_lies c
