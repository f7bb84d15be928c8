package tfproto_test

import (
	"bytes"
	"testing"

	"github.com/picketsec/picket/internal/testkit/tfproto"
)

func TestEncoding(t *testing.T) {
	got := tfproto.Node("n", "Add", []string{"x"}, tfproto.Attr("T", tfproto.TypeValue(tfproto.Float)))
	want := []byte("\x0a\x01n\x12\x03Add\x1a\x01x\x2a\x07\x0a\x01T\x12\x02\x30\x01")
	if !bytes.Equal(got, want) {
		t.Errorf("a node is %q, want %q", got, want)
	}
	if got := tfproto.Number(16, 300); !bytes.Equal(got, []byte{0x80, 0x01, 0xac, 0x02}) {
		t.Errorf("a number is %x", got)
	}
}
