#!/bin/bash
# Reports: one file of a run or a session that needs no other.
. tests/support/cli.sh
db=$cli_tmp/notebook.db
start=(--db "$db" -c "load $digits" -c "data $digits/test.safetensors")
page=$cli_tmp/page

run "${start[@]}" -c 'convert --recipe delta --T 4' -c 'eval 40' -c 'ladder 10' -c 'energy 10' -c 'image 3' \
	-c "report 2 $page.html" -c "report 2 $page.md" -c "report 2 $page.pdf"
expect_status 0
expect_out "^file +$page.pdf$"

# HTML: whole, escaped, and without anything from elsewhere.
for part in '^<!DOCTYPE html>' '<h1>spikescope: eval run 2</h1>' '<h2>The plan</h2>' '<td>norm1.center</td><td>mt</td>' \
	'<h2>Accuracy and time</h2>' '<h2>The ladder from the ANN to spikes</h2>' '<h2>Energy by rule</h2>' '<td>popcount</td>' \
	'<h2>Attention</h2>' 'attention of block 0, head 0, after 4 steps' 'data:image/png;base64,' '<h2>To repeat this</h2>' \
	'^convert --recipe delta --T 4$' '</html>$'; do
	grep -Eq "$part" "$page.html" || fail "the page should have: $part"
done
! grep -Eiq 'src="(http|/)|<script|<link' "$page.html" || fail 'the page should need nothing else'
sed -n 's/.*base64,\([^"]*\)".*/\1/p' "$page.html" | head -n 1 | base64 -d | head -c 4 | tail -c 3 | grep -q PNG || fail 'pictures should be PNG'
[ "$(stat -c %s "$page.html")" -lt 600000 ] || fail 'the page should be small'

# Markdown has pictures as text, without colours.
for part in '^# spikescope: eval run 2$' '^\| rule \| ratio to ANN \|$' '^\|---\|---:\|$' '^```$' 'attention blocks.0 head 0, t 4/4'; do
	grep -Eq "$part" "$page.md" || fail "the text should have: $part"
done
! grep -q "$(printf '\033')" "$page.md" || fail 'the text should have no colours'
[ "$(head -c 5 "$page.pdf")" = '%PDF-' ] || fail 'that should be a PDF'
tail -n 1 "$page.pdf" | grep -q '%%EOF' || fail 'the PDF should be whole'

# A session, from a program that has nothing loaded; the workbench is as it was.
run --db "$db" -c "report s1 $cli_tmp/session.md" -c 'state'
expect_status 0
grep -q '^## Runs of the session$' "$cli_tmp/session.md" || fail 'a session has runs'
grep -q 'Not drawn: load the model' "$cli_tmp/session.md" || fail 'what cannot be drawn should be said'
run "${start[@]}" -c 'convert --recipe sta --T 2' -c 'image 1' -c 'step 1' -c "report 2 $cli_tmp/other.md" --format json -c state
expect_out '"t":1[,}]'
grep -q 'attention blocks.0 head 0, t 4/4' "$cli_tmp/other.md" || fail 'the plan of the run should be stepped'
run "${start[@]}" -c 'convert --recipe delta --T 2' -c "report \$ $cli_tmp/none.md"
expect_refusal 2 '\$'
run "${start[@]}" -c 'tune 64 --candidates 4 --few 16 --T 2' -c "report s5 $cli_tmp/tuned.md"
grep -q 'How the plan was found' "$cli_tmp/tuned.md" || fail 'a tuned plan should say how it was found'

# Twice where there was no picture: the one that is shown for it goes again.
run "${start[@]}" -c 'convert --recipe delta --T 2' -c 'eval 10' -c "report 2 $cli_tmp/once.md" -c "report 2 $cli_tmp/twice.md"
expect_status 0
cmp -s "$cli_tmp/once.md" "$cli_tmp/twice.md" || fail 'two reports should be the same'

# A residual network has channels in place of attention.
resnet=(--db "$cli_tmp/resnet.db" -c 'load examples/cifar10-resnet20' -c 'data tests/fixtures/pillow')
run "${resnet[@]}" -c 'convert --recipe delta --T 2 --images 2' -c 'energy 1' -c "report 2 $cli_tmp/resnet.md"
expect_status 0
for part in '^## Channels$' '^## Energy by rule$' '^\| layer[0-9.]*relu1|^\| relu'; do
	grep -Eq "$part" "$cli_tmp/resnet.md" || fail "the text should have: $part"
done
! grep -q '^## Attention$' "$cli_tmp/resnet.md" || fail 'there is no attention'

# What is wrong is refused, and what is there stays.
run --db "$db" -c "report 2 $page.html"
expect_refusal 1 'exists.*--force'
run --db "$db" -c "report 2 $page.doc"
expect_refusal 2 '\.html, \.md or \.pdf'
run --db "$db" -c "report 999 $cli_tmp/none.md"
expect_refusal 2 'no run 999'
run --db "$db" -c "report nobody $cli_tmp/none.md"
expect_refusal 2 'nobody'
run --db "$db" -c "report 2 $cli_tmp/nowhere/none.md"
expect_refusal 1 'nowhere'
[ ! -e "$cli_tmp/none.md" ] || fail 'nothing should be written'
finish
