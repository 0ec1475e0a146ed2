#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test-plexcmp.sh - does plexcmp see a single byte that differs, and only then?
#
#	volume (6000 sectors) --+-- vol1-01 concat:  d1 (2000 sectors), d2 (4000)
#	                        +-- vol1-02 stripe:  d3, d4, d5, unit 128 sectors
#	                        +-- vol1-03 detached, never compared; vol1-04 log
#
# Closes with "N passed, N failed, N skipped". Needs no root.
set -u
cd "$(dirname "$0")/../.." || exit 2
plexcmp=$PWD/tests/tools/plexcmp
stamp=$PWD/build/tests/stamp
work=$(mktemp -d -p build test-plexcmp.XXXXXX)
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

copy() { dd if="$1" of="$2" bs=512 skip="$3" seek="$4" count="$5" conv=notrunc status=none; }

# public region at sector 64 of each disk; subdisks at 40 (d1), 8 (d2), 16 (d3, d4, d5) in it
layout() {
	cat <<-END
	{ "groups": [ { "group": "data", "records": [
	$(for d in 1 2 3 4 5; do echo "{\"type\":\"dm\",\"name\":\"d$d\",\"device\":\"none$d\",\"disk_id\":\"id$d\",\"public_offset\":64},"; done)
	{ "type": "v", "name": "vol1", "length": 6000 },
	{ "type": "pl", "name": "vol1-01", "volume": "vol1", "kstate": "ENABLED", "state": "ACTIVE", "log_only": false,
	  "columns": 0, "stripe_width": 0 },
	{ "type": "sd", "name": "d2-01", "plex": "vol1-01", "disk": "d2", "disk_offset": 8, "length": 4000,
	  "column": 0, "plex_offset": 2000 },
	{ "type": "sd", "name": "d1-01", "plex": "vol1-01", "disk": "d1", "disk_offset": 40, "length": 2000,
	  "column": 0, "plex_offset": ${1:-0} },
	{ "type": "pl", "name": "vol1-02", "volume": "vol1", "kstate": "${2:-ENABLED}", "state": "ACTIVE",
	  "log_only": false, "columns": 3, "stripe_width": 128 },
	$(for c in 0 1 2; do echo "{\"type\":\"sd\",\"name\":\"s$c\",\"plex\":\"vol1-02\",\"disk\":\"d$((c + 3))\",\"disk_offset\":16,\"length\":2048,\"column\":$c,\"plex_offset\":0},"; done)
	{ "type": "pl", "name": "vol1-03", "volume": "vol1", "kstate": "DETACHED", "state": "STALE", "log_only": false,
	  "columns": 0, "stripe_width": 0 },
	{ "type": "pl", "name": "vol1-04", "volume": "vol1", "kstate": "ENABLED", "state": "LOG", "log_only": true,
	  "columns": 0, "stripe_width": 0 }
	] } ] }
	END
}

compare_by() {
	local layout=$1
	shift
	"$plexcmp" --vxprint "$layout" data vol1 "$@" --path d1="$PWD/d1" --path d2="$PWD/d2" \
		--path d3="$PWD/d3" --path d4="$PWD/d4" --path d5="$PWD/d5"
}

# shellcheck disable=SC2120
compare() { compare_by layout.json; }

truncate -s $((6000 * 512)) vol
"$stamp" write vol --volume vol1 --node a --count 750 --sequential --writes 750 >out || cat out
for d in 1 2 3 4 5; do head -c $((5000 * 512)) /dev/urandom >d$d; done
copy vol d1 0 104 2000
copy vol d2 2000 72 4000
for unit in $(seq 0 46); do
	copy vol d$((unit % 3 + 3)) $((unit * 128)) $((80 + unit / 3 * 128)) 128
done
layout >layout.json

expect "a concat and a striped plex with the same content" 0 '^equal, 3072000 bytes \(vol1-01 vol1-02\)$' compare
expect "a detached plex is named and left out" 0 'vol1-03 is DETACHED STALE: not compared' compare
cp d4 d4.good
printf x | dd of=d4 bs=1 seek=$(((80 + 128) * 512 + 4096 + 300)) conv=notrunc status=none
expect "one byte differs" 1 '^different: 1 of 750 blocks' compare
# unit 4 of the volume is row 1 of column 1: block 64, of it the second
expect "... in the block that it is in" 1 '^block 65 ' compare
expect "... the good side's stamp is shown" 1 'vol1-01, .*d1 sector 624: volume=vol1 node=a block=65 generation=1 .* whole' compare
expect "... and the bad side's" 1 'vol1-02, .*d4 sector 216: volume=vol1 node=a block=65 .* torn_at=' compare
expect "asked for that block alone" 1 '^different: 1 of 1 blocks' compare_by layout.json --block 65
expect "... and for the one before it" 0 '^equal, 4096 bytes' compare_by layout.json --block 64
expect "... and for one behind the end" 2 'block 750 is not in 3072000 bytes' compare_by layout.json --block 750
cp d4.good d4
copy /dev/zero d2 0 $((72 + 3992)) 8
expect "the last block differs" 1 '^block 749 .byte 3067904 ' compare
copy vol d2 5992 $((72 + 3992)) 8
expect "equal again" 0 '^equal' compare
copy /dev/urandom d1 0 2104 8
expect "what lies behind a subdisk does not matter" 0 '^equal' compare
copy /dev/zero d1 0 104 2000
expect "many differ: ten are shown, all are counted" 1 '^different: 250 of 750' compare
count_shown() { compare | grep -c '^block'; }
expect "ten are shown" 0 '^10$' count_shown
copy vol d1 0 104 2000

expect "the same with plexes given by hand" 0 '^equal, 1024000 bytes \(plex1 plex2\)' \
	"$plexcmp" --plex "$PWD/d1:104,2000" --plex "$PWD/vol:0,800;$PWD/vol:800,1200"
expect "... that differ" 1 '^different: 250 of 250' "$plexcmp" --plex "$PWD/d1:104,2000" --plex "$PWD/vol:8,2000"
expect "... of different length" 2 'differ in length' "$plexcmp" --plex "$PWD/d1:0,8" --plex "$PWD/d2:0,16"
layout 0 DETACHED >one.json
expect "a single plex is not 'equal'" 2 '1 plexes of 3072000 bytes: nothing to compare' compare_by one.json
layout 8 >hole.json
expect "a hole between subdisks" 2 'hole or an overlap' compare_by hole.json
expect "an unknown volume" 2 'no volume vol9' "$plexcmp" --vxprint layout.json data vol9
expect "an unknown group" 2 'no disk group other' "$plexcmp" --vxprint layout.json other vol1
expect "a disk whose path nobody knows" 2 'no path is known' "$plexcmp" --vxprint layout.json data vol1
truncate -s $((3000 * 512)) d2
expect "a disk that ends too early" 3 'read failed' compare
expect "no operand" 2 'give GROUP and VOLUME' "$plexcmp"

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
