#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# step 6 of the story (tests/story/step-6.sh) as a test of its own
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"
story_test 6
