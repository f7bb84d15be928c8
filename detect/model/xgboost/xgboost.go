// Package xgboost judges models of XGBoost in JSON, UBJSON and the old binary form: trees that make readers reach outside of
// their arrays or turn for ever, counts made to exhaust memory, and texts that carry code, paths or payloads to whoever reads
// the attributes. It is for the engine; it computes no prediction.
package xgboost

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/xgboost"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
)

// Detector inspects models of XGBoost.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "xgboost", Title: "XGBoost models: trees that break readers, and texts that carry payloads",
		Formats: []string{xgboost.NameJSON, xgboost.NameUBJSON, xgboost.NameBinary}, Rules: append(rules(), freetext.Rules()...),
	}
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	list := findings.New(out)
	defer list.Close()
	judge := freetext.New(out, list)
	visit := xgboost.Visitor{
		Problem: func(p xgboost.Problem) { list.Add(ruleOf(p.Kind), p.Offset, p.Name, p.Reason) },
		Text: func(t xgboost.Text) error {
			if t.Cut {
				out.Gap(t.Offset+xgboost.MaxText, -1, "a text of the model is longer than what is inspected")
			}
			return judge.Text(ctx, picket.At("", t.Offset), t.Place, t.Value)
		},
	}
	r, err := in.Blob.Open()
	if err != nil {
		return fmt.Errorf("open model: %w", err)
	}
	model, err := read(in, r, visit)
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	out.Parsed(model.End)
	return rest(ctx, in.Blob, out, list, model.End)
}

// read reads the model in its encoding.
func read(in detect.Input, r io.Reader, visit xgboost.Visitor) (xgboost.Model, error) {
	switch in.Format {
	case xgboost.NameJSON:
		return xgboost.ReadJSON(r, in.Budget, visit)
	case xgboost.NameUBJSON:
		return xgboost.ReadUBJSON(r, in.Budget, visit)
	}
	return xgboost.ReadBinary(r, in.Blob.Size(), in.Budget, visit)
}

// rest inspects what follows the model.
func rest(ctx context.Context, blob *format.Blob, out *detect.Output, list *findings.List, end int64) error {
	size := blob.Size()
	if size < 0 {
		out.Gap(end, -1, "the size of the content is not known; what follows the model was not read")
		return nil
	}
	if size <= end {
		return nil
	}
	list.Report(picket.Finding{Rule: ruleTrailing(), Location: picket.Location{Offset: end, Length: size - end},
		Evidence: picket.NewEvidence(fmt.Sprintf("%d bytes follow the model", size-end), "")})
	part, err := blob.Section(end, size-end)
	if err != nil {
		return fmt.Errorf("reach what follows the model: %w", err)
	}
	return out.Inspect(ctx, detect.Part{Name: "data after the model", Blob: part})
}
