package safetensors

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/safetensors"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/freetext"
	"github.com/picketsec/picket/detect/model/hydra"
)

// targetKey finds the class that Hydra would instantiate.
var targetKey = regexp.MustCompile(`["']?_target_["']?\s*[:=]\s*["']?([A-Za-z_][\w.]*)`)

// metadata looks at one entry of the free text.
func (s *scan) metadata(ctx context.Context, m safetensors.Metadata) {
	if m.Cut {
		s.out.Gap(m.Offset+safetensors.MaxText, -1, "a metadata value is longer than what is inspected")
	}
	where := picket.At("", m.Offset)
	found := func(rule picket.Rule, what, match string) {
		s.Report(picket.Finding{Rule: rule, Location: where, Subject: picket.Printable(m.Key, 80), Confidence: picket.Likely,
			Evidence: picket.NewEvidence(fmt.Sprintf("metadata %q %s", m.Key, what), match)})
	}
	for _, text := range []string{m.Key, m.Value} {
		s.targets(m, text)
		for _, sign := range freetext.Look(text) {
			if rule, ok := s.ownRule(sign.Rule); ok {
				found(rule, sign.What, sign.Match)
			}
		}
	}
	s.decode(ctx, m)
}

// ownRule is the rule of this format for a sign in a text; an address is reported once.
func (s *scan) ownRule(general picket.Rule) (picket.Rule, bool) {
	own := map[string]picket.Rule{"code": ruleCode(), "markup": ruleMarkup(), "terminal-escape": ruleEscape(), "path": rulePath(),
		"secret": ruleSecret(), "link": ruleLink()}[strings.TrimPrefix(general.ID, "model.text.")]
	return own, own.ID != "" && (own.ID != ruleLink().ID || !s.Fired(own))
}

// maxHidden bounds how many metadata values of one file are decoded.
const maxHidden = 32

// decode gives what a value encodes in base64 to the engine. What nothing recognises is a hash, an image's pixels or the like.
func (s *scan) decode(ctx context.Context, m safetensors.Metadata) {
	content, ok := freetext.Hidden(m.Value)
	if !ok || s.err != nil {
		return
	}
	if s.hidden++; s.hidden > maxHidden {
		if s.hidden == maxHidden+1 {
			s.out.Gap(m.Offset, -1, "more encoded metadata values than are inspected")
		}
		return
	}
	s.err = s.out.Inspect(ctx, detect.Part{Name: fmt.Sprintf("metadata at %d", m.Offset), Blob: format.BytesBlob(content),
		Expect: detect.TensorData})
}

// maxTargets is how many targets in one value are judged.
const maxTargets = 20

// targets reports what a Hydra-style configuration in the metadata would instantiate.
func (s *scan) targets(m safetensors.Metadata, text string) {
	if m.Key == "_target_" && text == m.Value {
		text = "_target_: " + text
	}
	for _, hit := range targetKey.FindAllStringSubmatch(text, maxTargets) {
		rule, what := ruleTarget(), "names a class for a configuration library to instantiate"
		if judged, _, bad := hydra.Judge(hit[1]); bad && judged.Severity == picket.Critical {
			rule, what = ruleTargetCode(), "makes a configuration library call "+hit[1]
		}
		s.Report(picket.Finding{Rule: rule, Location: picket.At("", m.Offset), Subject: hit[1],
			Evidence: picket.NewEvidence(fmt.Sprintf("metadata %q %s", m.Key, what), hit[0])})
	}
}
