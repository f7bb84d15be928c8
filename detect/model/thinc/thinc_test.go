package thinc_test

import (
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	formatpickle "github.com/picketsec/picket/artifact/format/pickle"
	formatthinc "github.com/picketsec/picket/artifact/format/thinc"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/pickle"
	"github.com/picketsec/picket/detect/model/thinc"
)

// model makes weights with an array and with what a layer of another library saved.
func model(array, shim string) []byte {
	return []byte("\x84\xa5nodes\x90\xa5attrs\x90\xa6params\x91\x81\xa1W\xc4" + string(rune(len(array))) + array + "\xa5shims\x91\x91\xc4" + string(rune(len(shim))) + shim)
}

const attack = "\x80\x02cposix\nsystem\nX\x02\x00\x00\x00id\x85R."

func TestContentInside(t *testing.T) {
	formats := []format.Format{formatthinc.Format{}, formatpickle.Format{}}
	for name, test := range map[string]struct {
		content []byte
		want    picket.Verdict
	}{
		"plain":           {model("0123456789abcdef0123", "short"), picket.Clean},
		"attack in layer": {model("x", attack), picket.Malicious},
		"attack in array": {model(attack, "x"), picket.Malicious},
		"unknown layer":   {model("x", "0123456789abcdef0123"), picket.Unsupported},
		"cut":             {model("x", "y")[:20], picket.Incomplete},
	} {
		if r := detecttest.Run(t, test.content, formats, thinc.Detector{}, pickle.New(pickle.Config{})); r.Verdict != test.want {
			t.Errorf("%s: %v, want %v: %+v", name, r.Verdict, test.want, r.Coverage)
		}
	}
}

func TestAcceptance(t *testing.T) {
	detecttest.Accept(t, thinc.Detector{}, []format.Format{formatthinc.Format{}}, map[string][]byte{"model": model("0123456789abcdef0123", attack)})
}
