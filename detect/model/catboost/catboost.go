// Package catboost judges models of CatBoost in their binary form and in JSON: trees and lists that make the evaluator reach
// outside of them, and texts that carry payloads. It is for the engine; it computes no prediction and reads no leaves.
package catboost

import (
	"context"
	"errors"
	"fmt"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/catboost"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
)

// Detector inspects models of CatBoost.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "catboost", Title: "CatBoost models: trees that break the evaluator, and texts that carry payloads",
		Formats: []string{catboost.Name, catboost.NameJSON}, Rules: append(rules(), freetext.Rules()...),
	}
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	list := findings.New(out)
	defer list.Close()
	judge := freetext.New(out, list)
	model, err := read(in, catboost.Visitor{
		Problem: func(p catboost.Problem) { list.Add(ruleOf(p.Kind), p.Offset, p.Name, p.Reason) },
		Text: func(t catboost.Text) error {
			if t.Cut {
				out.Gap(t.Offset+catboost.MaxText, -1, "a text of the model is longer than what is inspected")
			}
			return judge.Text(ctx, picket.At("", t.Offset), t.Place, t.Value)
		},
	})
	if err != nil {
		return err
	}
	out.Parsed(model.Core)
	out.Opaque(model.End - model.Core)
	rest := in.Blob.Size() - model.End
	if rest <= 0 {
		return nil
	}
	list.Report(picket.Finding{Rule: ruleTrailing(), Location: picket.Location{Offset: model.End, Length: rest},
		Evidence: picket.NewEvidence(fmt.Sprintf("%d bytes follow the model", rest), "")})
	part, err := in.Blob.Section(model.End, rest)
	if err != nil {
		return fmt.Errorf("reach what follows the model: %w", err)
	}
	return out.Inspect(ctx, detect.Part{Name: "data after the model", Blob: part})
}

// read reads the model in its encoding.
func read(in detect.Input, visit catboost.Visitor) (catboost.Model, error) {
	if in.Format == catboost.Name {
		return catboost.Read(in.Blob, in.Budget, visit)
	}
	r, err := in.Blob.Open()
	if err != nil {
		return catboost.Model{}, fmt.Errorf("open model: %w", err)
	}
	model, err := catboost.ReadJSON(r, in.Budget, visit)
	return model, errors.Join(err, r.Close())
}
