#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test-stamp.sh - does stamp find what it is there to find?
#
# A good volume is damaged in each way that matters; each damage must be found and named. Closes with
# "N passed, N failed, N skipped". Needs no root.
set -u
cd "$(dirname "$0")/../.." || exit 2
tools=$PWD/build/tests
work=$(mktemp -d -p build test-stamp.XXXXXX)
work=$PWD/$work
pid='' a='' b=''
cleanup() {
	for p in $pid $a $b; do
		kill -KILL "$p" 2>/dev/null
	done
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
cd "$work" || exit 2
passed=0 failed=0 skipped=0
size=4096 blocks=256

ok() {
	passed=$((passed + 1))
	echo "ok $((passed + failed)) - $1"
}

not_ok() {
	failed=$((failed + 1))
	echo "not ok $((passed + failed)) - $1"
	sed 's/^/# /' out
}

# expect "what" STATUS PATTERN COMMAND...: exit status and a line of output.
expect() {
	local what=$1 wanted=$2 pattern=$3 status
	shift 3

	"$@" >out 2>&1
	status=$?
	if [ "$status" = "$wanted" ] && grep -qE "$pattern" out; then
		ok "$what"
	else
		echo "(exit status $status, wanted $wanted and '$pattern': $*)" >>out
		not_ok "$what"
	fi
}

stamp() { "$tools/stamp" "$@"; }
write_shared() { stamp write vol --volume vol1 --node "$1" --journal "$1.j" --count $blocks --step 3 --phase "$2" "${@:3}"; }
# start NODE PHASE OPTION...: the same in the background, its process number in $pid.
start() {
	"$tools/stamp" write vol --volume vol1 --node "$1" --journal "$1.j" --count $blocks --step 3 --phase "$2" \
		"${@:3}" >started 2>&1 &
	pid=$!
}
check_all() { stamp check vol --volume vol1 --journal ./*.j "$@"; }

# A volume written once by three nodes that share it block by block: every block has a stamp.
fresh() {
	rm -f ./*.j vol
	truncate -s $((blocks * size)) vol
	write_shared a 0 --sequential --writes 86 >/dev/null
	write_shared b 1 --sequential --writes 85 >/dev/null
	write_shared c 2 --sequential --writes 85 >/dev/null
}

block_get() { dd if="$1" of="$3" bs=$size skip="$2" count=1 status=none; }
block_put() { dd if="$1" of="$2" bs=$size seek="$3" count=1 conv=notrunc status=none; }

# flip FILE BYTE BIT
flip() {
	local old
	old=$(dd if="$1" bs=1 skip="$2" count=1 status=none | od -An -tu1)
	# shellcheck disable=SC2059
	printf "\\$(printf %03o $((old ^ (1 << $3))))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# --- what is good is found good
fresh
expect "three nodes share a volume block by block: good" 0 '^0 violations' check_all
expect "every block is accounted for" 0 'checked 256 blocks of vol: 256 as their' check_all
expect "show names the writer and the generation" 0 'volume=vol1 node=b block=4 generation=1 .* whole' stamp show vol 4
write_shared a 0 --writes 500 --depth 8 --seed 7 >/dev/null
expect "blocks written again and again, several at a time: good" 0 '^0 violations' check_all
expect "the closing line has the numbers" 0 \
	'writes=40 seconds=[0-9.]+ longest_pause_ms=[0-9.]+ pause_began=20..-..-..T..:..:...[0-9]+Z' \
	write_shared b 1 --writes 40
expect "the journal goes on: generations grow over a restart" 0 '^0 violations' check_all

# --- each single damage is found
for byte in 0 9 13 20 30 37 45 60 90 112 2048 4095; do
	fresh
	flip vol $((7 * size + byte)) $((byte % 8))
	expect "one bit of byte $byte is flipped" 1 'block 7: ' check_all
done
fresh
block_get vol 10 ten
block_get vol 13 thirteen
block_put ten vol 13
block_put thirteen vol 10
expect "two blocks of one node are swapped (first)" 1 'block 10: .*another place: block 13' check_all
expect "two blocks of one node are swapped (second)" 1 'block 13: .*another place: block 10' check_all
fresh
block_get vol 9 old
write_shared a 0 --sequential --writes 86 >/dev/null
block_put old vol 9
expect "a block is rolled back to an older generation" 1 'block 9: .*an older one is there: generation 1.* 2' check_all
fresh
block_put /dev/zero vol 200
expect "a block that was written is zero" 1 'block 200: .*no stamp there: node c' check_all
fresh
block_get vol 20 half
dd if=/dev/zero of=half bs=2048 seek=1 count=1 conv=notrunc status=none
block_put half vol 20
expect "a block is torn in the middle, and it says where" 1 'block 20: block is torn.*: 2048 of 4096' check_all
fresh
block_get vol 20 old
write_shared c 2 --sequential --writes 85 >/dev/null
block_get vol 20 new
dd if=old of=new bs=512 seek=4 skip=4 count=4 conv=notrunc status=none
block_put new vol 20
expect "a block is half of one generation and half of another" 1 'block 20: block is torn.*: 2048 of' check_all
fresh
truncate -s $((blocks * size)) other
stamp write other --volume vol2 --node a --count 256 --sequential --writes 256 >/dev/null
block_get other 30 alien
block_put alien vol 30
expect "a block of another volume" 1 'block 30: block belongs to another volume: of volume vol2' check_all
fresh
truncate -s $((blocks * size)) other
stamp write other --volume vol1 --node b --count 256 --sequential --writes 256 >/dev/null
block_get other 30 stranger
block_put stranger vol 30
expect "a block by a writer without a journal" 1 'block 30: .*never wrote there: another life' check_all
fresh
stamp write vol --volume vol1 --node d --journal d.j --from 30 --count 1 --writes 1 >/dev/null
head -c 96 d.j >d.new
mv d.new d.j
expect "a block by a writer that did not mean to write there" 1 'block 30: .*generation 1 of journal ./d.j' check_all
fresh
cp a.j a.old
write_shared a 0 --sequential --writes 86 >/dev/null
mv a.old a.j
expect "a generation that no journal knows" 1 'nobody wrote this generation: generation 2' check_all
fresh
truncate -s $((255 * size)) vol
expect "the volume lost its last block" 1 'behind the end of the volume' check_all
fresh
for b in 3 6 9 12 15 18 21 24 27 30 33 36; do flip vol $((b * size + 999)) 1; done
expect "all are counted, ten are shown" 1 '^12 violations' check_all
expect "ten lines of detail" 0 '^10$' sh -c "'$tools/stamp' check vol --volume vol1 --journal ./*.j | grep -c '^block '"

# --- what may or may not be there
fresh
head -c 96 a.j >a.new
tail -c +97 a.j >a.rest
head -c $(($(stat -c %s a.rest) - 32)) a.rest >>a.new
mv a.new a.j
rm a.rest
expect "a write without its acknowledgement may be there" 0 '\(1 of them not acknowledged' check_all
block_put /dev/zero vol 255
expect "... or not" 0 '1 intended but not there' check_all
fresh
printf 'half a record' >>b.j
expect "a journal that a crash cut off is read up to there" 0 '^0 violations' check_all
write_shared b 1 --writes 10 >/dev/null
expect "... and goes on behind what is whole" 0 '^0 violations' check_all
fresh
flip a.j 140 3
expect "a journal that is damaged in the middle is refused" 2 'a.j: no journal of stamp, or damaged' check_all
fresh
rm -f b.j
expect "blocks of a writer without a journal are counted apart" 0 ', 85 by writers without a journal' check_all
fresh
block_get vol 6 old
rm a.j
write_shared a 0 --sequential --writes 2 >/dev/null
expect "a new life: what its earlier one wrote may be there" 0 ', 84 by writers without a journal' check_all
write_shared a 0 --sequential --writes 86 >/dev/null
block_put old vol 6
expect "... but not where the new one has something acknowledged" 1 'block 6: .*older one is there: another life' check_all
fresh
rm a.j
stamp write vol --volume vol1 --node a --journal a1.j --from 0 --count 3 --step 3 --phase 0 --writes 5 >/dev/null
stamp write vol --volume vol1 --node a --journal a2.j --from 3 --count 3 --step 3 --phase 0 --writes 5 >/dev/null
expect "one node with two journals for two ranges" 0 '^0 violations' check_all

# --- a writer that is killed at any moment, again and again, and one that runs while it is checked
fresh
for round in 1 2 3 4 5 6 7 8; do
	start a 0 --depth 4
	sleep "0.0$round"
	kill -KILL $pid
	wait $pid 2>/dev/null
	pid=
	check_all >out 2>&1 || break
done
[ "$round" = 8 ] && grep -q '^0 violations' out && ok "killed eight times: nothing is missing" ||
	not_ok "killed eight times: nothing is missing"
start a 0 --depth 3 --seconds 30
a=$pid
start b 1 --depth 3 --seconds 30
b=$pid
sleep 0.2
expect "a journal has one writer at a time" 2 'another writer uses it' write_shared a 0 --writes 1
live=0
for round in 1 2 3 4 5; do check_all --live >out 2>&1 || live=1; done
[ $live = 0 ] && ok "a check while two nodes write" || not_ok "a check while two nodes write"
kill -TERM $a $b
wait $a && wait $b && ok "SIGTERM ends a writer cleanly" || not_ok "SIGTERM ends a writer cleanly"
a='' b='' pid=''
expect "... and all is there" 0 '^0 violations' check_all

# --- pauses, rate, errors
start a 0 --rate 200 --seconds 3
sleep 0.5
kill -STOP $pid
sleep 1
kill -CONT $pid
wait $pid
pid=
cp started out
pause=$(sed -n 's/.*longest_pause_ms=\([0-9]*\).*/\1/p' out)
[ "${pause:-0}" -ge 900 ] && ok "a pause of a second is seen (${pause} ms)" || not_ok "a pause of a second is seen"
writes=$(sed -n 's/.*writes=\([0-9]*\).*/\1/p' out)
[ "${writes:-9999}" -le 450 ] && ok "the rate is kept, a pause is not made up for ($writes writes)" ||
	not_ok "the rate is kept, a pause is not made up for"
truncate -s $((blocks * size)) small
limited() { (trap '' XFSZ; ulimit -f 512; stamp write small --volume v --node a --count 256 --sequential "$@"); }
expect "an I/O error ends it with 3 and names the block" 3 'write of block 128 failed: File too large' limited --writes 256

# --- wrong use
fresh
expect "a range that is longer than the volume" 2 'range ends behind the end' stamp write vol --volume v --node a --count 257
expect "a journal of another node" 2 'journal of another volume, node' \
	stamp write vol --volume vol1 --node x --journal a.j --count 4
cp a.j copy.j
expect "the same journal twice" 2 'is in ./a.j and in ./copy.j' check_all
rm copy.j
stamp write vol --volume vol1 --node d --journal d.j --count 1 --writes 1 >/dev/null
expect "two writers of one block" 2 'block 0 is in ./a.j and in ./d.j' check_all
rm d.j
expect "a file that is no journal" 2 'no journal of stamp' stamp check vol --volume vol1 --journal "$tools/stamp"
od "$tools/stamp" | head -n 50 >notes
before=$(cksum <notes)
expect "a file that is no journal is not written to" 2 'no journal of stamp' \
	stamp write vol --volume vol1 --node a --journal notes --count 4 --writes 1
[ "$before" = "$(cksum <notes)" ] && ok "... and stays as it is" || not_ok "... and stays as it is"
expect "a block size that is no power of two" 2 'no power of two' stamp check vol -b 5000 --volume vol1 --journal a.j
expect "no number" 2 'is no number' stamp write vol --volume v --node a --count 12x
expect "help" 0 'exit status: 0 good' stamp --help

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
