package bom

import (
	"bufio"
	"bytes"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/internal/jsonstream"
)

// What software and datasets are used for.
const (
	useTraining  = "training"
	useInference = "inference"
	useBuild     = "build"
	useTrain     = "train"
	useTest      = "test"
)

// pypi is the package URL of a Python package; the version may be empty.
func pypi(name, version string) string {
	name = strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(name))
	if !packageName.MatchString(name) {
		return ""
	}
	purl := "pkg:pypi/" + name
	if version != "" {
		purl += "@" + url.PathEscape(version)
	}
	return purl
}

// library adds a Python library of a version that something states; without a version nothing is stated.
func (b *builder) library(name string, version Field, use string) {
	if version.Value != "" {
		b.software(Software{Name: Field{name, Inferred, version.Source}, Version: version, PURL: pypi(name, version.Value), Use: use})
	}
}

// needs adds a Python library that a file cannot be used without, of whatever version.
func (b *builder) needs(name, source, use string) {
	b.software(Software{Name: Field{name, Inferred, source}, PURL: pypi(name, ""), Use: use})
}

// software adds a library. Of two entries for the same one, that with the version stays.
func (b *builder) software(s Software) {
	if s.Version.Value == "" {
		s.Version = unresolved(s.Name.Source, "no file says which version")
	}
	if i, there := b.libraries[normal(s.Name.Value)]; there {
		known := &b.bill.Software[i]
		switch {
		case known.Version.Confidence == Unresolved:
			use := known.Use
			*known = s
			if known.Use == "" {
				known.Use = use
			}
			return
		case s.Version.Confidence == Unresolved || sameValue(known.Version.Value, s.Version.Value):
			return
		}
	}
	if len(b.bill.Software) >= maxSoftware {
		b.leftOut["software"]++
		return
	}
	b.libraries[normal(s.Name.Value)] = len(b.bill.Software)
	b.bill.Software = append(b.bill.Software, s)
}

// normal is the name of a Python package as the index compares it.
func normal(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(name))
}

// readSoftware reads the files that list libraries.
func (b *builder) readSoftware() {
	for _, name := range []string{"requirements.txt", "requirements-dev.txt", "code/requirements.txt"} {
		if b.has(name) {
			b.requirements(b.home + name)
		}
	}
	for _, name := range []string{"conda.yaml", "conda.yml", "environment.yml", "environment.yaml"} {
		b.conda(b.yaml(b.home + name))
	}
	d := b.yaml(b.home + "python_env.yaml")
	b.python(d.field("python"))
	for _, part := range []string{"build_dependencies", "dependencies"} {
		for _, f := range d.fields(part) {
			if !strings.HasPrefix(f.Value, "-r ") {
				b.requirement(f.Value, f.Source, useInference)
			}
		}
	}
	b.mlflow()
}

// packageName is the name of a Python package.
var packageName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// requirementLine is a line that asks for a package: its name, extras, and the rest.
var requirementLine = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]{0,127})\s*(?:\[[^\]]{0,200}\])?\s*([^;#]{0,300})`)

// exact is a requirement that only one version meets.
var exact = regexp.MustCompile(`^===?\s*([A-Za-z0-9][A-Za-z0-9.+!_-]*)$`)

// requirements reads a file of pip.
func (b *builder) requirements(name string) {
	text, err := b.whole(name, maxLines)
	if err != nil {
		b.note(name, err)
		return
	}
	scan := bufio.NewScanner(bytes.NewReader(text))
	scan.Buffer(nil, maxLines+1)
	for line := 1; scan.Scan(); line++ {
		b.requirement(scan.Text(), name+" line "+strconv.Itoa(line), useInference)
	}
}

// requirement adds what one line asks for. Options and addresses are no packages of the index.
func (b *builder) requirement(line, source, use string) {
	line = clean(line, maxText)
	m := requirementLine.FindStringSubmatch(line)
	if m == nil || strings.Contains(m[2], "://") && !strings.HasPrefix(m[2], "@") {
		return
	}
	wanted := strings.TrimSpace(m[2])
	s := Software{Name: Field{m[1], Declared, source}, PURL: pypi(m[1], ""), Use: use}
	switch v := exact.FindStringSubmatch(wanted); {
	case v != nil:
		s.Version, s.PURL = Field{v[1], Declared, source}, pypi(m[1], v[1])
	case wanted != "":
		s.Version = Field{wanted, Declared, source}
	default:
		s.Version = unresolved(source, "any version")
	}
	b.software(s)
}

// conda reads an environment of conda.
func (b *builder) conda(d *doc) {
	dependencies := d.get("dependencies")
	if dependencies == nil {
		return
	}
	for _, c := range dependencies.Children {
		if pip := get(c, "pip"); pip != nil {
			for _, p := range pip.Children {
				b.requirement(text(p), d.source("dependencies", "pip"), useInference)
			}
			continue
		}
		b.condaPackage(text(c), d.source("dependencies"))
	}
}

// condaPackage adds what one line asks for: name=version=build, or a name with conditions.
func (b *builder) condaPackage(line, source string) {
	m := requirementLine.FindStringSubmatch(line)
	if m == nil || m[1] == "pip" {
		return
	}
	name, wanted := m[1], strings.TrimSpace(m[2])
	version, _, _ := strings.Cut(strings.TrimLeft(wanted, "="), "=")
	pinned := strings.HasPrefix(wanted, "=") && version != "" && !strings.Contains(version, "*")
	if name == "python" && pinned {
		b.python(Field{version, Declared, source})
		return
	}
	s := Software{Name: Field{name, Declared, source}, PURL: "pkg:conda/" + strings.ToLower(name), Use: useInference}
	if pinned {
		s.Version = Field{version, Declared, source}
		s.PURL += "@" + url.PathEscape(version)
	} else if wanted != "" {
		s.Version = Field{wanted, Declared, source}
	}
	b.software(s)
}

// python adds the interpreter.
func (b *builder) python(version Field) {
	if version.Value != "" {
		b.software(Software{Name: Field{"python", Declared, version.Source}, Version: version,
			PURL: "pkg:generic/python@" + url.PathEscape(version.Value), Use: useInference})
	}
}

// mlflow reads what MLflow says about a model.
func (b *builder) mlflow() {
	d := b.yaml(b.home + "MLmodel")
	if d == nil {
		return
	}
	m := &b.bill.Model
	b.put("version", &m.Version, d.first("model_uuid", "model_id"))
	b.put("timestamp", &m.Timestamp, d.field("utc_time_created"))
	b.property("run", d.field("run_id"))
	b.library("mlflow", d.field("mlflow_version"), useInference)
	b.python(d.field("flavors", "python_function", "python_version"))
	b.fill(&m.Architecture, d.field("flavors", "transformers", "source_model_name"))
	flavors := d.get("flavors")
	if flavors != nil {
		for _, c := range flavors.Children {
			if c.Key == "python_function" {
				continue
			}
			b.fill(&m.Family, Field{clean(c.Key, 64), Declared, d.source("flavors", c.Key)})
			b.property("flavor", Field{clean(c.Key, 64), Declared, d.source("flavors", c.Key)})
			for _, member := range c.Children {
				if library, ok := strings.CutSuffix(member.Key, "_version"); ok && text(member) != "" {
					distribution := map[string]string{"sklearn": "scikit-learn", "pytorch": "torch", "xgb": "xgboost", "lgb": "lightgbm"}[library]
					if distribution == "" {
						distribution = library
					}
					b.library(distribution, Field{text(member), Declared, d.source("flavors", c.Key, member.Key)}, useInference)
				}
			}
		}
	}
	b.property("loader", d.field("flavors", "python_function", "loader_module"))
	b.signature(d, "inputs", &m.Inputs)
	b.signature(d, "outputs", &m.Outputs)
}

// signature takes the columns or tensors of a signature, which MLflow writes as JSON in YAML.
func (b *builder) signature(d *doc, part string, list *[]Field) {
	n := d.get("signature", part)
	if n == nil || n.Kind != jsonstream.String {
		return
	}
	root, err := json.Tree(format.BytesBlob([]byte(n.Text)), budget())
	if err != nil {
		b.note(d.file, err)
		return
	}
	for _, c := range root.Children {
		value := strings.TrimSpace(text(get(c, "name")) + " " + text(get(c, "type")))
		if tensor := get(c, "tensor-spec"); tensor != nil {
			value = strings.TrimSpace(text(get(c, "name"))+" "+text(get(tensor, "dtype"))) + " [" + summary(get(tensor, "shape")) + "]"
		}
		b.add(list, Field{clean(value, maxText), Declared, d.source("signature", part)})
	}
}
