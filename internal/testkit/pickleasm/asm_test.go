package pickleasm_test

import (
	"testing"

	asm "github.com/picketsec/picket/internal/testkit/pickleasm"
)

// The expected bytes are what Python's pickle.dumps writes, without its memo opcodes.
func TestEncodeWritesWhatPythonWrites(t *testing.T) {
	value := asm.Tuple(asm.Str("a"), asm.Num(1), asm.List(asm.Bool(true), asm.None))
	for protocol, want := range map[int]string{
		0: "(Va\nI1\n(I01\nNlt.",
		1: "(X\x01\x00\x00\x00aK\x01](I01\nNet.",
		2: "\x80\x02X\x01\x00\x00\x00aK\x01](\x88Ne\x87.",
		3: "\x80\x03X\x01\x00\x00\x00aK\x01](\x88Ne\x87.",
		4: "\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00\x8c\x01aK\x01](\x88Ne\x87.",
		5: "\x80\x05\x95\x0c\x00\x00\x00\x00\x00\x00\x00\x8c\x01aK\x01](\x88Ne\x87.",
	} {
		if got := string(asm.Encode(protocol, value)); got != want {
			t.Errorf("protocol %d: %q, want %q", protocol, got, want)
		}
	}
}

func TestGlobalFollowsTheProtocol(t *testing.T) {
	eval := asm.Call(asm.Global("builtins", "eval"), asm.Str("1"))
	for protocol, want := range map[int]string{
		0: "c__builtin__\neval\n(V1\ntR.",
		2: "\x80\x02c__builtin__\neval\nX\x01\x00\x00\x001\x85R.",
		3: "\x80\x03cbuiltins\neval\nX\x01\x00\x00\x001\x85R.",
		4: "\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.",
	} {
		if got := string(asm.New(protocol).Put(eval).Bytes()); got != want {
			t.Errorf("protocol %d: %q, want %q", protocol, got, want)
		}
	}
}

func TestTextOfProtocol0IsEscaped(t *testing.T) {
	if got, want := string(asm.Encode(0, asm.Str("a\nb\\c\u2603"))), "Va\\u000ab\\u005cc\\U00002603\n."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
