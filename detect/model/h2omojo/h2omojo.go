// Package h2omojo judges MOJO archives of H2O: files of categories that lead out of the archive, Java code beside the numbers,
// trees that lead out of themselves, claims that exhaust memory, and texts that carry payloads. It is for the engine. The
// members themselves are inspected as what they are by the detector of zip archives.
package h2omojo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/h2omojo"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
)

// Detector inspects MOJO archives.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "h2o-mojo", Title: "MOJO archives of H2O: members that lead out, Java code, and trees that break readers",
		Formats: []string{h2omojo.Name}, Rules: append(rules(), freetext.Rules()...),
	}
}

// scan is the inspection of one archive.
type scan struct {
	in    detect.Input
	list  *findings.List
	names []string
	model h2omojo.Model
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	s := &scan{in: in, list: findings.New(out)}
	defer s.list.Close()
	a, err := zip.Read(in.Blob, in.Budget)
	if err != nil {
		a.Close()
		return err
	}
	defer a.Close()
	for i := range a.Entries {
		s.names = append(s.names, a.Entries[i].Name())
	}
	s.code()
	r, done, err := zip.OpenMember(in.Blob, in.Budget, h2omojo.Description)
	defer done()
	if err != nil {
		return err
	}
	judge := freetext.New(out, s.list)
	s.model, err = h2omojo.Read(r, in.Budget, func(t h2omojo.Text) error {
		what := strings.TrimSpace(t.Section + " " + t.Key)
		return judge.Text(ctx, picket.Location{Member: h2omojo.Description, Offset: t.Offset}, what, t.Value)
	})
	if err != nil {
		return err
	}
	s.settings()
	s.domains()
	return s.trees(a)
}

// report reports a finding about the description.
func (s *scan) report(rule picket.Rule, offset int64, subject, summary string, args ...any) {
	s.list.Report(picket.Finding{Rule: rule, Location: picket.Location{Member: h2omojo.Description, Offset: offset},
		Subject: picket.Printable(subject, 120), Evidence: picket.NewEvidence(fmt.Sprintf(summary, args...), subject)})
}

// code reports members with Java code: a MOJO has none, a POJO is nothing else.
func (s *scan) code() {
	for _, name := range s.names {
		switch strings.ToLower(path.Ext(name)) {
		case ".class", ".jar", ".java", ".so", ".dll", ".jnilib", ".dylib", ".groovy", ".ser":
			s.list.Report(picket.Finding{Rule: ruleCode(), Location: picket.Whole(name), Subject: picket.Printable(name, 120),
				Evidence: picket.NewEvidence("a model that is to be data brings the program "+name, "")})
		}
	}
}

// algorithms lists the algorithms whose models H2O writes as MOJO.
var algorithms = []string{
	"gbm", "drf", "glm", "deeplearning", "kmeans", "isolationforest", "extendedisolationforest", "pca", "glrm", "coxph", "rulefit", "gam", "xgboost",
	"word2vec", "stackedensemble", "psvm", "targetencoder", "isotonicregression", "upliftdrf", "svd", "naivebayes", "aggregator", "anovaglm", "modelselection",
	"decisiontree", "adaboost", "hglm", "generic", "klime", "pipeline",
}

// settings judges the settings.
func (s *scan) settings() {
	if s.model.Twice != "" {
		s.report(ruleDuplicate(), 0, s.model.Twice, "the setting %s stands twice", s.model.Twice)
	}
	if algorithm := strings.ToLower(s.model.Info["algo"]); !slices.Contains(algorithms, algorithm) {
		s.report(ruleAlgorithm(), 0, algorithm, "the algorithm %q is none that H2O writes as MOJO", algorithm)
	}
	if n := s.model.Number("n_columns"); n != s.model.Columns {
		s.report(ruleClaim(), 0, "", "the model claims %d columns and names %d", n, s.model.Columns)
	}
	if n := s.model.Number("n_domains"); n != int64(len(s.model.Domains)) {
		s.report(ruleClaim(), 0, "", "the model claims categories of %d columns and lists %d", n, len(s.model.Domains))
	}
	groups, each := s.model.Number("n_trees"), max(1, s.model.Number("n_trees_per_class"))
	const most = 1 << 20 // trees
	if groups > most || each > most || groups*each > int64(len(s.names)) {
		s.report(ruleClaim(), 0, "", "the model claims %d trees for each of %d classes, and the archive has %d members", groups, each, len(s.names))
	}
}

// domains judges the files of categories.
func (s *scan) domains() {
	for _, d := range s.model.Domains {
		switch {
		case strings.ContainsAny(d.File, `/\:`) || d.File == "" || d.File == "..":
			s.report(rulePath(), d.Offset, d.File, "the categories of column %d are read from %q", d.Column, d.File)
		case d.Column < 0 || d.Column >= s.model.Columns || d.Count < 0:
			s.report(ruleClaim(), d.Offset, "", "%d categories for column %d of %d", d.Count, d.Column, s.model.Columns)
		case !slices.Contains(s.names, "domains/"+d.File):
			s.report(ruleMissing(), d.Offset, d.File, "the file of categories is not in the archive")
		}
	}
}

// Bounds of the trees that are walked. Larger forests are left to H2O: their members are numbers, and counted as such.
const (
	maxTree   = 8 << 20
	maxForest = 64 << 20 // bytes of all trees
)

// trees walks the trees.
func (s *scan) trees(a *zip.Archive) error {
	left := int64(maxForest)
	for i := range a.Entries {
		e := &a.Entries[i]
		views := a.Views(e)
		if !h2omojo.Tree(e.Name()) || len(views) == 0 || left <= 0 || !zip.Supported(views[0].Method) {
			continue
		}
		content, err := s.read(a.Content(views[0]).Blob())
		if err != nil {
			return err
		}
		left -= int64(len(content))
		columns := int64(-1)
		if !strings.HasPrefix(e.Name(), "models/") { // a model inside of a model has its own columns
			columns = s.model.Columns
		}
		err = h2omojo.CheckTree(content, columns, s.in.Budget)
		if broken, ok := errors.AsType[*format.MalformedError](err); ok {
			s.list.Report(picket.Finding{Rule: ruleTree(), Location: picket.At(e.Name(), broken.Offset), Evidence: picket.NewEvidence(broken.Reason, "")})
		} else if err != nil {
			return err
		}
	}
	return nil
}

// read reads one tree.
func (s *scan) read(blob *format.Blob) ([]byte, error) {
	free, err := s.in.Budget.Hold(maxTree)
	if err != nil {
		return nil, fmt.Errorf("read tree: %w", err)
	}
	defer free()
	r, err := blob.Open()
	if err != nil {
		return nil, fmt.Errorf("open tree: %w", err)
	}
	content, err := io.ReadAll(io.LimitReader(r, maxTree))
	return content, errors.Join(err, r.Close())
}
