package bom

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/evidence"
)

// Input is what a bill is made from.
type Input struct {
	// Content is the folder, or the folder that holds the single file that the manifest is about. Build opens nothing else.
	Content fs.FS
	// Manifest names, sizes and identifies every file. Content that is not what it says is an error.
	Manifest *evidence.Manifest
	// Claims are those about the digest that count.
	Claims []Claim
	// Author is who supplies the bill; empty when nobody is named.
	Author string
	// Location is where the content was taken from, as the operator says: a URL or purl; may be empty.
	Location string
	// Tool and Version name the program that makes the bill.
	Tool, Version string
	// Time is when the bill is made; the zero time is left out.
	Time time.Time
}

// Bounds of a bill. What goes beyond is counted in a property whose name begins with "left-out".
const (
	maxList       = 256     // values of one field
	maxProperties = 1024    // other facts
	maxMetrics    = 512     // results of evaluations
	maxSoftware   = 4096    // libraries
	maxText       = 1 << 10 // bytes of one value
	maxConflicts  = 64      // disagreements between two sources
)

// ErrChanged is wrapped by the error about content that is not what its manifest says.
var ErrChanged = errors.New("the content is not what its manifest says")

// Build makes the bill of the content. Metadata that cannot be read makes its fields unresolved, with the reason; the bill as
// a whole fails only when the content is not what the manifest says (see ErrChanged), when ctx ends, or when Input is not
// complete. The same input gives the same bill.
func Build(ctx context.Context, in Input) (*Bill, error) {
	if in.Content == nil || in.Manifest == nil || len(in.Manifest.Resources) == 0 {
		return nil, errors.New("make bill: there is no content, or no manifest of it")
	}
	b := &builder{ctx: ctx, in: in, files: map[string]evidence.Resource{}, unread: map[string]string{}, libraries: map[string]int{}, leftOut: map[string]int{},
		formats: slices.Concat(models(), others()), weights: map[string]bool{}}
	for _, f := range models() {
		b.weights[f.Info().Name] = true
	}
	b.bill = &Bill{Format: FormatName, FormatVersion: FormatVersion, Revision: 1, Digest: in.Manifest.Digest(), Name: in.Manifest.Name,
		Tool: in.Tool, Version: in.Version, Time: in.Time, Claims: slices.Clone(in.Claims),
		Generation: Field{"after build, from the content as it is distributed", Verified, "the files"}}
	if in.Author != "" {
		b.bill.Authors = []Field{{clean(in.Author, maxText), Declared, "command line"}}
	}
	if err := b.list(); err != nil {
		return nil, err
	}
	for _, read := range []func(){b.readCard, b.readConfiguration, b.readTokenizer, b.readLineage, b.readPipeline, b.readTraining,
		b.readDatasets, b.readSoftware, b.readLicences, b.readSecurity} {
		read()
		if err := errors.Join(ctx.Err(), b.fatal); err != nil {
			return nil, fmt.Errorf("make bill of %s: %w", in.Manifest.Name, err)
		}
	}
	if b.bill.Kind == ProgramKind {
		b.readPrograms()
	} else {
		b.readWeights()
	}
	if err := errors.Join(ctx.Err(), b.fatal); err != nil {
		return nil, fmt.Errorf("make bill of %s: %w", in.Manifest.Name, err)
	}
	b.finish()
	return b.bill, nil
}

// builder holds what is known while a bill is made.
type builder struct {
	ctx   context.Context
	in    Input
	bill  *Bill
	files map[string]evidence.Resource // by name below the root
	home  string                       // the folder with the metadata: empty or ending in a slash
	card  *card
	// unread says of each file of metadata that is there and could not be read why. fatal ends the work.
	unread    map[string]string
	fatal     error
	leftOut   map[string]int // values beyond a bound, by the name of the list
	libraries map[string]int // the place in Bill.Software of each library, by its name as the index compares it
	conflicts int
	// computed is the number of parameters that the tensors have, by the file that they were counted in.
	computed Field
	// formats are what content is recognised as, in order; weights has the names of those that are models.
	formats []format.Format
	weights map[string]bool
}

// list takes the files of the manifest into the bill, by name, and recognises each by its content.
func (b *builder) list() error {
	resources := slices.Clone(b.in.Manifest.Resources)
	slices.SortFunc(resources, func(x, y evidence.Resource) int { return strings.Compare(x.Name, y.Name) })
	for _, r := range resources {
		if b.in.Manifest.File {
			r.Name = b.in.Manifest.Name
		}
		b.files[r.Name] = r
		if err := b.ctx.Err(); err != nil {
			return fmt.Errorf("make bill of %s: %w", b.in.Manifest.Name, err)
		}
		found := b.recognise(r.Name)
		if b.fatal != nil {
			return fmt.Errorf("make bill of %s: %w", b.in.Manifest.Name, b.fatal)
		}
		if weightsName(r.Name) && !b.weights[found] {
			b.note(r.Name, fmt.Errorf("it has the name of weights and the content of %s", found))
		}
		b.bill.Files = append(b.bill.Files, File{Name: r.Name, Digest: r.Digest, Size: r.Size, Format: found, Role: b.roleOf(r.Name, found)})
	}
	b.home = b.findHome()
	b.bill.Kind = b.kind()
	return nil
}

// landmarks are files that say in which folder the metadata of a model is.
var landmarks = []string{"config.json", "readme.md", "mlmodel", "model_index.json", "adapter_config.json", "modules.json", "dataset_infos.json"}

// findHome is the folder with the metadata: the root, or the only one of the first level that has some.
func (b *builder) findHome() string {
	folders := map[string]bool{}
	for name := range b.files {
		dir, base := path.Split(name)
		if slices.Contains(landmarks, strings.ToLower(base)) && strings.Count(dir, "/") <= 1 {
			folders[dir] = true
		}
	}
	if folders[""] || len(folders) != 1 {
		return ""
	}
	return slices.Collect(maps.Keys(folders))[0]
}

// kind says what the bill is about, by the roles of the files.
func (b *builder) kind() Kind {
	roles := map[string]int{}
	programs := 0
	for _, f := range b.bill.Files {
		roles[f.Role]++
		if isProgram(f.Format) {
			programs++
		}
	}
	model := roles[RoleWeights] > 0
	for _, name := range []string{"config.json", "model_index.json", "adapter_config.json", "MLmodel", "modules.json"} {
		_, there := b.files[b.home+name]
		model = model || there
	}
	switch {
	case model:
		return ModelKind
	case programs > 0:
		return ProgramKind
	case roles[RoleData] > 0:
		return DatasetKind
	case roles[RoleCard] > 0:
		return ModelKind // a card alone, such as of an adapter whose weights are elsewhere
	}
	return FolderKind
}

// put sets a field. The first answer stays, and that a later one differs is itself a fact.
func (b *builder) put(name string, f *Field, v Field) {
	switch {
	case v.Value == "":
	case f.Value == "" || f.Confidence == Unresolved:
		*f = v
	case !sameValue(f.Value, v.Value):
		b.conflict(name, *f, v)
	}
}

// fill sets a field that has no value yet; further answers add nothing.
func (b *builder) fill(f *Field, v Field) {
	if v.Value != "" && (f.Value == "" || f.Confidence == Unresolved) {
		*f = v
	}
}

// conflict states that two places say different things.
func (b *builder) conflict(name string, x, y Field) {
	if b.conflicts++; b.conflicts > maxConflicts {
		b.leftOut["conflicts"]++
		return
	}
	b.property("conflict."+name, Field{fmt.Sprintf("%s says %q, %s says %q", x.Source, clean(x.Value, 120), y.Source, clean(y.Value, 120)),
		Inferred, y.Source})
}

// add appends to a list what is not there yet.
func (b *builder) add(list *[]Field, values ...Field) {
	for _, v := range values {
		known := slices.IndexFunc(*list, func(f Field) bool { return sameValue(f.Value, v.Value) })
		switch {
		case v.Value == "":
		case known >= 0:
			if rank(v.Confidence) > rank((*list)[known].Confidence) {
				(*list)[known] = v
			}
		case len(*list) >= maxList:
			b.leftOut["values"]++
		default:
			*list = append(*list, v)
		}
	}
}

// property adds another fact.
func (b *builder) property(name string, f Field) {
	if f.Value == "" {
		return
	}
	if len(b.bill.Model.Properties) >= maxProperties {
		b.leftOut["properties"]++
		return
	}
	b.bill.Model.Properties = append(b.bill.Model.Properties, Property{clean(name, 128), f})
}

// rank orders confidences.
func rank(c Confidence) int {
	return slices.Index([]Confidence{Unresolved, Declared, Inferred, Verified}, c)
}

// sameValue compares what people write in more than one way.
func sameValue(x, y string) bool {
	return x == y || strings.EqualFold(strings.TrimSpace(x), strings.TrimSpace(y))
}
