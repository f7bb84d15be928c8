package tensorrt_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	layout "github.com/picketsec/picket/artifact/format/tensorrt"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/tensorrt"
)

func formats() []format.Format { return []format.Format{layout.Format{}} }

func TestFindings(t *testing.T) {
	head := "ftrt" + strings.Repeat("\x00", 40)
	host := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x03\x00\x3e\x00" + strings.Repeat("\x00", 60)
	device := strings.Replace(host, "\x3e\x00", "\xbe\x00", 1)
	for name, c := range map[string]struct {
		content, want string
		verdict       picket.Verdict
	}{
		"plain":      {head, "", picket.Incomplete},
		"NVIDIA's":   {head + "EfficientNMS_TRT\x00" + device, "", picket.Incomplete},
		"plugin":     {head + "PicketEvilPlugin\x00", "custom-plugin", picket.Suspicious},
		"namespaced": {head + "evil::Efficient_TRT\x00", "custom-plugin", picket.Suspicious},
		"host code":  {head + host, "host-code", picket.Suspicious},
	} {
		r := detecttest.Run(t, []byte(c.content), formats(), tensorrt.Detector{})
		var got []string
		for _, f := range r.Findings {
			got = append(got, strings.TrimPrefix(f.Rule.ID, "model.tensorrt."))
		}
		if strings.Join(slices.Compact(got), " ") != c.want || r.Verdict != c.verdict {
			t.Errorf("%s: %v %v", name, got, r.Verdict)
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, tensorrt.Detector{}, formats(), map[string][]byte{"plugin": []byte("ptrt" + strings.Repeat("\x01", 40) + "PicketEvilPlugin\x00")})
}
