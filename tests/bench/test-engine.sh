#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test-engine.sh - do the two programs that the benchmark times still do what it thinks, in each of its shapes?
#
#	engine, rawtwo --+-- disk0
#	                 +-- disk1
#
# No figure is asserted. Closes with "N passed, N failed, N skipped". Needs no root.
set -u
cd "$(dirname "$0")/../.." || exit 2
tools=$PWD/build/tests
work=$(mktemp -d -p build test-engine.XXXXXX)
trap 'rm -rf "$OLDPWD/$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work" || exit 2
passed=0 failed=0

expect() { # expect "what" STATUS PATTERN COMMAND...
	local what=$1 wanted=$2 pattern=$3 status
	shift 3

	"$@" >out 2>&1
	status=$?
	if [ "$status" = "$wanted" ] && grep -qE "$pattern" out; then
		passed=$((passed + 1))
		echo "ok $((passed + failed)) - $what"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $((passed + failed)) - $what (exit status $status, wanted $wanted and '$pattern')"
	sed 's/^/# /' out
}

fresh() { rm -f disk0 disk1; truncate -s 8M disk0 disk1; }
written() { cmp disk0 disk1 && ! cmp -s disk0 zeros && echo same; }
untouched() { cmp disk0 zeros && cmp disk1 zeros && echo same; }

truncate -s 8M zeros
figures='^[1-9][0-9]* [0-9]+ [0-9]+ [0-9]+\.[0-9]+$' # iops p50_us p99_us cpu_us
for shape in '4096 1' '4096 32' '131072 8'; do
	for program in engine rawtwo; do
		for operation in write read; do
			fresh
			# shellcheck disable=SC2086 # two words
			expect "$program: $operation of $shape" 0 "$figures" \
				"$tools/$program" $operation disk0 disk1 8 $shape 0.1
			[ $operation = write ] || expect "... which changes nothing" 0 same untouched
		done
	done
done
fresh
expect "engine: writes" 0 "$figures" "$tools/engine" write disk0 disk1 8 4096 32 0.1
expect "... reach both plexes" 0 same written
truncate -s 4M disk1
expect "a disk that is too small" 1 '^engine: volume: .*subdisk behind the end of its disk' \
	"$tools/engine" write disk0 disk1 8 4096 1 0.1
expect "a disk that is not there" 1 '^engine: disk: .*gone.*No such file' "$tools/engine" write disk0 gone 8 4096 1 0.1
expect "a depth that no volume has" 2 'out of range' "$tools/engine" write disk0 disk1 8 4096 100000 0.1
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
