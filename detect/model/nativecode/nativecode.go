// Package nativecode reports programs that lie where models are scanned: native executables and libraries, Java and Android
// bytecode, WebAssembly, Lua bytecode. It says that they are there; it does not judge what they do.
package nativecode

import (
	"context"
	"fmt"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/detect"
)

// Detector reports programs.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "native-code", Title: "Programs among models",
		Formats: []string{"elf", "pe", "mach-o", "ape", "java-class", "dex", "wasm", "lua-bytecode"}, Rules: []picket.Rule{rule()},
	}
}

// rule fires for every program that is scanned as a file of its own.
func rule() picket.Rule {
	return picket.Rule{
		ID: "artifact.content.native-code", Title: "A program lies among the models",
		Severity: picket.Medium, Class: picket.Execution,
		What:   "The file is a program or library. Picket does not judge what programs do.",
		Why:    "Loaders take libraries and bytecode beside a model for its extensions, and run them with the rights of the server.",
		Remedy: "Find out who built it and why the model needs it. Build it from source, or keep it out of the model's folder.",
		References: []picket.Reference{
			picket.Ref("CWE-427"),
			picket.Ref("AML.T0011"),
		},
	}
}

// Detect implements detect.Detector. A program inside of another file is reported by the detector that found it there.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	if in.Member == "" {
		out.Report(picket.Finding{Rule: rule(), Location: picket.Whole(""), Subject: in.Format,
			Evidence: picket.NewEvidence(fmt.Sprintf("the content is a program (%s)", in.Format), "")})
	}
	out.Gap(0, in.Blob.Size(), "a program, which is not judged")
	return nil
}
