package pickle

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
)

func match(s string) bool {
	b := []byte(s)
	head := b[:min(len(b), format.HeadSize)]
	return Format{}.Match(format.Probe{Head: head, Tail: b, Size: int64(len(b)), Blob: format.BytesBlob(b)})
}

// texts0 are contents that are no pickles although some start like one.
func texts0() []string {
	return []string{
		"", "c", "(", ".", "N", "N.", "I1\n.", "cat\ndog\nbird\n", "cat\ndog\nNo\n", "class A(object):\n    pass\n",
		"import os\nos.system('x')\n", "from x import y\n", "def f():\n    return 1\n", "# README\n\nText.\n",
		"consider\nthis text\nwhich goes on. And on.\n", "Copyright (c) 2026 The Authors. All rights reserved.\n",
		"Permission is hereby granted, free of charge, to any person\nobtaining a copy\n", "License\n=======\n",
		"(i.e.\nfoo, bar)\n", "(d.h. ...)", "(see below).\n", "(defun f (x)\n  (car x))\n", "(in-package :foo)\n(load \"x\")\n",
		"In the beginning\nGod created\n", "I,J,K\n1,2,3\n", "N,X,Y\n1,2,3\n", "id,name\n1,a\n", "0\n1\n2\n3\n", "1.0\n2.0\n",
		"{\"a\": 1}\n", "[1, 2]\n", "]", "}", "]]]]]]]]]]]]]]]]", "((((((((((((((((((((", "))))))))))))", "NNNNNNNNNNNNNNNNNNN",
		"PK\x03\x04\x14\x00\x00\x00", "GIF89a\x01\x00\x01\x00", "BM\x36\x00\x00\x00\x00\x00", "GGUF\x03\x00\x00\x00\x01\x00",
		"\x93NUMPY\x01\x00v\x00{'descr': '<f8', }", "\x80", "\x80\x02", "\x80\x7fabc", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
		"Version: 1\nName: x\n", "Use at your own risk.\n\nNo warranty.\n", "The quick brown fox.\n", "Just a line.\n",
		"Title\n\nGreetings, and so on until the end of this line.\n", "tq.\n", "pip install x\n", "git clone y\n",
		"localhost:8080\n", "hello world\n", "goodbye\n", "joblib\n", "ls -la\n", "echo x\n", "apt-get install\n", "0.5 0.25\n",
		"2026-11-21 error\n", "unk\n[PAD]\n", "Lorem ipsum dolor sit amet.\n", "\x00\x00\x80\x3f\x00\x00\x00\x40",
		"Sequence\n" + strings.Repeat("ACGTACGTNNNN", 100) + "\n", "V1\n", "Version 1\nbuild 2\n", "F\n", "S'x'\n",
	}
}

func TestMatchRejects(t *testing.T) {
	for _, s := range texts0() {
		if match(s) {
			t.Errorf("%q is taken for a pickle", s)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	wrong := 0
	for range 20_000 {
		b := make([]byte, 64)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		if match(string(b)) {
			wrong++
		}
	}
	if wrong > 2 {
		t.Errorf("%d of 20000 random contents are taken for pickles", wrong)
	}
}

// TestMatchProse cuts prose at every place: no piece of it is a pickle.
func TestMatchProse(t *testing.T) {
	prose := strings.Join(texts0()[8:], " ") + `
Until now, nobody could tell. (Some could.) But as (i) the model is large, (ii) the data is not; it remains to be seen.
Call me when you are done: the results, e.g. "accuracy", are listed below (Table 1). Please be careful. So be it.
`
	wrong := 0
	for i := range prose {
		if match(prose[i:]) {
			t.Logf("%q", prose[i:min(len(prose), i+60)])
			wrong++
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d pieces of prose are taken for pickles", wrong, len(prose))
	}
}

func TestMatchAccepts(t *testing.T) {
	for _, s := range []string{
		"cos\nsystem\n(S'echo x'\ntR.", "cos\nsystem\n(S'echo x'\ntR.trailing text\n", "cos\nsystem\n(S'echo x'\ntRgarbage",
		"(S'echo x'\nios\nsystem\n.", "(S'echo x'\nios\nsystem\nbroken", "(cos\nsystem\nS'echo x'\no.", "cos\nsystem\n.",
		"(lp0\n.", "(dp0\n.", "Vtext\np0\n.", "(lp0\n" + strings.Repeat("I12345\na", 10_000), "(lp0\nI1\naI2\na.", "\x80\x02N.", "\x80\x04]\x94.", "\x80\x02]q\x00(K\x01K\x02", "]q\x00.",
		"\x80\x04\x95\x00\x01\x00\x00\x00\x00\x00\x00}\x94(", "(dp0\nS'a'\np1\nI1\nsS'b'\np2\n(lp3\nI1\naI2\na", "K\x05.",
		"ca\nb\n(dS'x'\nI1\nsb.", "(cos\nsystem\nS'echo x'\no0N.", "\x80\x02\x82\x01.", "cos\nsystem\n(S'echo x'\nt\x81.",
	} {
		if !match(s) {
			t.Errorf("%q is not taken for a pickle", s)
		}
	}
}

// TestZipIsNoPickleByChance: the first bytes of a zip archive are the opcode of a persistent ID.
func TestZipIsNoPickleByChance(t *testing.T) {
	for content, want := range map[string]bool{
		"PK\x03\x04\x00\x00\x80\x02ctorch.nn.modules.linear\nLinear\nq\x00)\x81q\x01.": false,
		"PK\x03\x04\x00\x00\ncos\nsystem\n(S'echo x'\ntR.":                             true,
	} {
		b := []byte(content)
		p := format.Probe{Head: b, Tail: b, Size: int64(len(b)), Blob: format.BytesBlob(b)}
		if got := (Format{}).Match(p); got != want {
			t.Errorf("%q: %v, want %v", content, got, want)
		}
	}
}
