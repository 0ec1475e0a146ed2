#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test-packaging.sh - the sample of vxha.conf names every key with its default, and nothing else; what is installed;
# what the shell's completion offers
# shellcheck disable=SC2317 # functions are called by check
set -u
# shellcheck source=tests/ocf/lib.sh
. "${0%/*}/lib.sh"

sample_is_complete() {
	sed -n 's/^#\([a-z_]* = .*\)/\1/p' "$tree/packaging/vxha.conf" | sort >"$work/sample"
	sed -n 's/^	X(\([a-z_]*\), "\([^"]*\)".*/\1 = \2/p' "$tree/base/conf.h" | sort >"$work/code"
	[ -s "$work/code" ] && diff "$work/code" "$work/sample"
}

only_comments() {
	! grep -v '^#' "$tree/packaging/vxha.conf" | grep .
}

# Every file that a user has to find is there, and nothing is offered that is not.
installs() {
	make -s -C "$tree" install DESTDIR="$work/root" PREFIX=/usr >/dev/null || return
	cd "$work/root/usr" || return
	for program in sbin/*; do
		[ -e "share/man/man8/${program#sbin/}.8" ] || { echo "$program has no manual page"; return 1; }
	done
	for agent in lib/ocf/resource.d/vxha/*; do
		[ -e "share/man/man7/ocf_vxha_${agent##*/}.7" ] || { echo "$agent has no manual page"; return 1; }
	done
	[ -e share/man/man5/vxha.conf.5 ] && [ -e ../etc/vxha/vxha.conf ] || return
	for link in share/bash-completion/completions/*; do
		[ -e "$link" ] || { echo "$link leads to nothing"; return 1; }
		[ "${link##*/}" = vxha ] || [ -x "sbin/${link##*/}" ] || { echo "$link is of no program"; return 1; }
	done
}

# offered TOOL WORD...: what completion offers for the last word, which may be empty
offered() {
	PATH=$tree/build/bin:$clean_path bash -c '
		. "$0"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_vxha "$1" 2>/dev/null
		printf "%s\n" "${COMPREPLY[@]}"' "$tree/packaging/bash-completion/vxha" "$@" | sort
}

# Operations first, then options after a dash: all of them, and those only.
completion() {
	for program in "$tree"/build/bin/*; do
		tool=${program##*/}
		case $tool in vxclustd | vxconfigd | vxiod) continue ;; esac
		equal "$tool -" "$(offered "$tool" -)" "$("$program" --list-words | sed -n 's/^option //p' | sort)" || return
		verbs=$("$program" --list-words | sed -n 's/^verb //p' | sort)
		[ -z "$verbs" ] || equal "$tool" "$(offered "$tool" "")" "$verbs" || return
		PATH=$clean_path bash -c '. "$0" && complete -p "$1" >/dev/null' \
			"$tree/packaging/bash-completion/vxha" "$tool" || return
	done
	equal attributes "$(offered vxdg set "" | tr '\n' ' ')" "activation= diskdetpolicy= "
}

check "vxha.conf: the sample has all keys with their defaults" sample_is_complete
check "vxha.conf: the sample changes nothing" only_comments
check "what is installed has its manual page and completion" installs
check "completion offers what the programs know" completion
finish
