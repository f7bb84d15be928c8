// Package lightgbm judges text models of LightGBM: trees that make readers reach outside of their arrays or turn for ever,
// sizes that lead readers to other trees than the text shows, parameters that name files and machines, and texts that carry
// payloads. It is for the engine; it computes no prediction and opens no file that a parameter names.
package lightgbm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/lightgbm"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
)

// Detector inspects models of LightGBM.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "lightgbm", Title: "LightGBM models: trees that break readers, parameters that name files, and texts that carry payloads",
		Formats: []string{lightgbm.Name}, Rules: append(rules(), freetext.Rules()...),
	}
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	list := findings.New(out)
	defer list.Close()
	judge := freetext.New(out, list)
	r, err := in.Blob.Open()
	if err != nil {
		return fmt.Errorf("open model: %w", err)
	}
	_, err = lightgbm.Read(r, in.Budget, lightgbm.Visitor{
		Problem: func(p lightgbm.Problem) { list.Add(ruleOf(p.Kind), p.Offset, p.Name, p.Reason) },
		Text: func(t lightgbm.Text) error {
			if t.Cut {
				out.Gap(t.Offset+lightgbm.MaxText, -1, "a text of the model is longer than what is inspected")
			}
			parameter(list, t)
			return judge.Text(ctx, picket.At("", t.Offset), t.Place, t.Value)
		},
	})
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	out.Parsed(max(0, in.Blob.Size()))
	return nil
}

// readers are the parameters that name a file which training from the model would read. Those that name the data of the
// training (data, valid) say where it lay, and are read only by the command line.
var readers = []string{
	"forcedsplits_filename", "forcedbins_filename", "machine_list_filename", "parser_config_file", "input_model", "initscore_filename",
	"valid_data_initscores", "position_filename",
}

// writers are the parameters that name a file to write.
var writers = []string{"output_model", "output_result", "convert_model"}

// parameter reports a parameter that names a file outside of the model's folder, or machines to connect to.
func parameter(list *findings.List, t lightgbm.Text) {
	name := strings.Trim(t.Place, "[]")
	if name == t.Place || t.Value == "" {
		return
	}
	if name == "machines" {
		list.Add(ruleMachines(), t.Offset, t.Value, "the parameter machines names computers to connect to")
		return
	}
	if !slices.Contains(readers, name) && !slices.Contains(writers, name) {
		return
	}
	if why := findings.Leaves(t.Value); why != "" {
		list.Add(ruleParameter(), t.Offset, t.Value, fmt.Sprintf("the file of the parameter %s %s", name, why))
	}
}
