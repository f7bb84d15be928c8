package bom

import (
	"fmt"
	"strconv"
	"time"
)

// The clusters of the G7's elements, in the order of the document.
const (
	clusterMetadata       = "Metadata"
	clusterSystem         = "System level properties"
	clusterModels         = "Models"
	clusterDatasets       = "Dataset properties"
	clusterInfrastructure = "Infrastructure"
	clusterSecurity       = "Security properties"
	clusterIndicators     = "Key performance indicators"
	clusterNTIA           = "Data fields"
)

// g7 is the list of the 50 elements of "Software Bill of Materials for AI: Minimum Elements" of the G7 Cybersecurity Working
// Group, 2026-05-12.
func g7() []element {
	var list []element
	for _, part := range [][]element{g7Metadata(), g7System(), g7Models(), g7Datasets(), g7Rest()} {
		list = append(list, part...)
	}
	return list
}

func g7Metadata() []element {
	c := clusterMetadata
	return []element{
		{id: "sbom-author", cluster: c, title: "SBOM author", remedy: "picket bom gen PATH --author NAME",
			places: func(b *Bill) []place { return each("authors", b.Authors) }},
		{id: "sbom-version", cluster: c, title: "SBOM version", remedy: "state the version of the document: CycloneDX \"version\"",
			places: func(b *Bill) []place { return []place{stated("revision", number(b.Revision))} }},
		{id: "sbom-data-format-name", cluster: c, title: "SBOM data format name", remedy: "write the bill as CycloneDX or SPDX: picket bom convert",
			places: func(b *Bill) []place { return []place{stated("format", b.Format)} }},
		{id: "sbom-data-format-version", cluster: c, title: "SBOM data format version", remedy: "write the bill as CycloneDX or SPDX: picket bom convert",
			places: func(b *Bill) []place { return []place{stated("format_version", b.FormatVersion)} }},
		{id: "sbom-author-signature", cluster: c, title: "SBOM author signature", remedy: "picket attest bom PATH --predicate BOM.json --private-key KEY.pem",
			places: func(b *Bill) []place { return claims(b, "bom", "ai-bom", "sbom") }},
		{id: "sbom-tool-name", cluster: c, title: "SBOM tool name", remedy: "make the bill with picket bom gen",
			places: func(b *Bill) []place { return []place{stated("tool", b.Tool)} }},
		{id: "sbom-tool-version", cluster: c, title: "SBOM tool version", remedy: "make the bill with a release of picket",
			places: func(b *Bill) []place { return []place{stated("tool_version", b.Version)} }},
		{id: "sbom-generation-context", cluster: c, title: "SBOM generation context", remedy: "make the bill with picket bom gen",
			places: func(b *Bill) []place { return []place{at("generation", b.Generation)} }},
		{id: "sbom-timestamp", cluster: c, title: "SBOM timestamp", remedy: "picket bom gen PATH --timestamp now",
			places: func(b *Bill) []place { return []place{stated("time", moment(b.Time))} }},
		{id: "sbom-dependency-relationship", cluster: c, title: "SBOM dependency relationship",
			remedy: "name what the content is made of: `base_model:` and `datasets:` in the front matter of README.md, libraries in requirements.txt",
			places: relationships},
	}
}

func g7System() []element {
	c := clusterSystem
	return []element{
		{id: "system-name", cluster: c, title: "System name", remedy: "make the bill of a named folder",
			places: func(b *Bill) []place { return []place{at("system.name", b.System.Name), stated("name", b.Name)} }},
		{id: "system-components", cluster: c, title: "System components", remedy: "make the bill with picket bom gen, which lists every file",
			places: func(b *Bill) []place {
				return []place{stated("files", parts(len(b.Files), "file")), stated("software", parts(len(b.Software), "library"))}
			}},
		{id: "system-producer", cluster: c, title: "System producer", remedy: producerRemedy,
			places: func(b *Bill) []place {
				return []place{at("system.producer", b.System.Producer), at("model.producer", b.Model.Producer)}
			}},
		{id: "system-version", cluster: c, title: "System version", remedy: versionRemedy,
			places: func(b *Bill) []place {
				return append([]place{at("system.version", b.System.Version)}, versions(b)...)
			}},
		{id: "system-timestamp", cluster: c, title: "System timestamp", remedy: timestampRemedy,
			places: func(b *Bill) []place {
				return append([]place{at("system.timestamp", b.System.Timestamp), at("model.timestamp", b.Model.Timestamp)}, built(b)...)
			}},
		{id: "system-data-flow", cluster: c, title: "System data flow", remedy: "add a section \"## Data flow\" to README.md",
			places: func(b *Bill) []place { return each("system.data_flow", b.System.DataFlow) }},
		{id: "system-data-usage", cluster: c, title: "System data usage", remedy: "add a section \"## Privacy\" or \"## Data usage\" to README.md",
			places: func(b *Bill) []place { return each("system.data_usage", b.System.DataUsage) }},
		{id: "system-input-output-properties", cluster: c, title: "System input/output properties", remedy: portsRemedy, places: ports},
		{id: "system-intended-application-area", cluster: c, title: "Intended application area",
			remedy: "add a section \"## Intended uses\" to README.md, or a tag for the area such as `finance` to its front matter",
			places: func(b *Bill) []place {
				return append(each("system.area", b.System.Area), each("model.uses", b.Model.Uses)...)
			}},
	}
}

// The remedies that several elements have.
const (
	producerRemedy  = "add the line \"- **Developed by:** NAME\" to README.md, or say where the content is from: --location hf://ORG/NAME"
	versionRemedy   = "add `version:` to the front matter of README.md, or say where the content is from: --location hf://ORG/NAME@COMMIT"
	timestampRemedy = "add `release_date:` to the front matter of README.md"
	portsRemedy     = "add `pipeline_tag:` to the front matter of README.md, or sections \"## Inputs\" and \"## Outputs\""
)

// ofModels are the kinds of bills that have elements of models.
func ofModels() []Kind { return []Kind{ModelKind} }

func g7Models() []element {
	list := []element{
		{id: "model-name", title: "Model name", remedy: "make the bill of a named folder", places: func(b *Bill) []place { return []place{stated("name", b.Name)} }},
		{id: "model-identifier", title: "Model identifier", remedy: "say where the model is from: --location hf://ORG/NAME@COMMIT, or add a tag `doi:…` to the front matter of README.md",
			places: func(b *Bill) []place {
				return append(each("model.identifiers", b.Model.Identifiers), hashed(b, string(b.Digest)))
			}},
		{id: "model-version", title: "Model version", remedy: versionRemedy, places: versions},
		{id: "model-timestamp", title: "Model timestamp", remedy: timestampRemedy,
			places: func(b *Bill) []place { return []place{at("model.timestamp", b.Model.Timestamp)} }},
		{id: "model-producer", title: "Model producer", remedy: producerRemedy,
			places: func(b *Bill) []place { return []place{at("model.producer", b.Model.Producer)} }},
		{id: "model-description", title: "Model description", remedy: "add a section \"## Model description\" to README.md",
			places: func(b *Bill) []place { return []place{at("model.description", b.Model.Description)} }},
		{id: "model-hash-value", title: "Model hash value", remedy: "make the bill with picket bom gen, which hashes every file",
			places: func(b *Bill) []place { return []place{hashed(b, b.Digest.Hex())} }},
		{id: "model-hash-algorithm", title: "Model hash algorithm", remedy: "make the bill with picket bom gen, which hashes every file",
			places: func(b *Bill) []place {
				if b.Digest == "" {
					return nil
				}
				return []place{hashed(b, "SHA-256")}
			}},
		{id: "model-properties", title: "Model properties", remedy: "add config.json with `architectures` and `model_type`",
			places: func(b *Bill) []place {
				m := b.Model
				return []place{at("model.parameters", m.Parameters), at("model.precision", m.Precision), at("model.architecture", m.Architecture),
					at("model.family", m.Family), at("model.task", m.Task)}
			}},
		{id: "model-input-output-properties", title: "Model input/output properties", remedy: portsRemedy, places: ports},
		{id: "model-training-properties", title: "Model training properties", remedy: "add trainer_state.json, or a section \"## Training procedure\" to README.md",
			places: func(b *Bill) []place {
				return append(each("model.training", b.Model.Training), at("model.approach", b.Model.Approach))
			}},
		{id: "model-license", title: "Model license", remedy: "add `license:` to the front matter of README.md, and the text as LICENSE",
			places: func(b *Bill) []place { return each("model.licences", b.Model.Licences) }},
		{id: "model-external-references", title: "Model external references", remedy: "add README.md, and the line \"- **Repository:** URL\" to it", places: references},
	}
	for i := range list {
		list[i].cluster, list[i].only = clusterModels, ofModels()
	}
	return list
}

func g7Datasets() []element {
	field := func(name string, get func(Dataset) Field) func(*Bill) []place {
		return func(b *Bill) []place { return eachDataset(b, name, get) }
	}
	list := []element{
		{id: "dataset-name", title: "Dataset name", remedy: "add `datasets:` to the front matter of README.md",
			places: field("name", func(d Dataset) Field { return d.Name })},
		{id: "dataset-description", title: "Dataset description", remedy: "add a section \"## Training data\" to README.md",
			places: field("description", func(d Dataset) Field { return d.Description })},
		{id: "dataset-content", title: "Dataset content", remedy: "make a bill of the dataset itself: picket bom gen DATASET",
			places: field("content", func(d Dataset) Field { return d.Content })},
		{id: "dataset-identifier", title: "Dataset identifier", remedy: "name datasets of the hub as ORG/NAME in `datasets:` of the front matter of README.md",
			places: field("identifier", func(d Dataset) Field { return d.Identifier })},
		{id: "dataset-hash", title: "Dataset hash", remedy: "state the digest of the data in a training-run claim: picket attest training-run PATH --predicate RUN.json --private-key KEY.pem; picket digest DATASET prints it",
			places: field("digest", func(d Dataset) Field { return stated("", string(d.Digest)).Field })},
		{id: "dataset-provenance", title: "Dataset provenance", remedy: "add a section \"### Data collection\" to README.md",
			places: field("provenance", func(d Dataset) Field { return d.Provenance })},
		{id: "dataset-statistical-properties", title: "Dataset statistical properties", remedy: "make a bill of the dataset itself, or a dataset profile: picket attest dataset-profile DATASET --predicate PROFILE.json --private-key KEY.pem",
			places: field("statistics", func(d Dataset) Field { return d.Statistics })},
		{id: "dataset-sensitivity", title: "Dataset sensitivity", remedy: "add a section \"### Personal and sensitive information\" to the card of the dataset, and make a bill of it",
			places: field("sensitivity", func(d Dataset) Field { return d.Sensitivity })},
		{id: "dataset-dependency-relationship", title: "Dataset dependency relationship", remedy: "add `datasets:` to the front matter of README.md",
			places: field("use", func(d Dataset) Field {
				if d.Use == "" && d.Digest == "" {
					return Field{}
				}
				return Field{d.Use + " " + d.Name.Value, d.Name.Confidence, d.Name.Source}
			})},
		{id: "dataset-license", title: "Dataset license", remedy: "add `license:` to the card of the dataset, and make a bill of it",
			places: field("licence", func(d Dataset) Field { return d.Licence })},
	}
	for i := range list {
		list[i].cluster, list[i].only = clusterDatasets, []Kind{ModelKind, DatasetKind}
	}
	return list
}

func g7Rest() []element {
	infra, sec, kpi := clusterInfrastructure, clusterSecurity, clusterIndicators
	return []element{
		{id: "infrastructure-software", cluster: infra, title: "Infrastructure software", remedy: "add requirements.txt with exact versions, or `library_name:` to the front matter of README.md",
			places: software},
		{id: "infrastructure-hardware", cluster: infra, title: "Infrastructure hardware", remedy: "add a section \"## Hardware requirements\" to README.md",
			places: func(b *Bill) []place { return each("model.hardware", b.Model.Hardware) }},
		{id: "security-controls", cluster: sec, title: "Security controls", remedy: "add a section \"## Security\" or \"## Safety\" to README.md",
			places: func(b *Bill) []place { return each("security.controls", b.Security.Controls) }},
		{id: "security-compliance", cluster: sec, title: "Security compliance", remedy: "add a section \"## Compliance\" to README.md, or attest a vendor assessment: picket attest vendor-assessment PATH --private-key KEY.pem",
			places: func(b *Bill) []place {
				return append(claims(b, "vendor-assessment"), each("security.compliance", b.Security.Compliance)...)
			}},
		{id: "cybersecurity-policy", cluster: sec, title: "Cybersecurity policy information", remedy: "add SECURITY.md, which says how to report a vulnerability",
			places: func(b *Bill) []place { return []place{at("security.policy", b.Security.Policy)} }},
		{id: "vulnerability-referencing", cluster: sec, title: "Vulnerability referencing", remedy: "attest the status of vulnerabilities as OpenVEX: picket attest vulnerability-status PATH --predicate VEX.json --private-key KEY.pem",
			places: func(b *Bill) []place {
				return append(claims(b, "vulnerability-status", "openvex", "vex"), each("security.vulnerabilities", b.Security.Vulnerabilities)...)
			}},
		{id: "security-metrics", cluster: kpi, title: "Security metrics", remedy: "picket scan PATH --attest --private-key KEY.pem, and give the trust root to picket bom: --trust",
			places: func(b *Bill) []place {
				return append(each("security.metrics", b.Security.Metrics), claims(b, "scan-result", "evaluation")...)
			}},
		{id: "operational-performance-kpis", cluster: kpi, title: "Operational performance KPIs", remedy: "add `model-index:` with results to the front matter of README.md, or all_results.json",
			places: func(b *Bill) []place {
				var places []place
				for i, m := range b.Model.Metrics {
					f := m.Value
					f.Value = m.Name.Value + " " + m.Value.Value
					places = append(places, place{fmt.Sprintf("model.metrics[%d]", i), f})
				}
				return append(places, claims(b, "evaluation")...)
			}},
	}
}

// ntia is the list of the seven data fields of NTIA's minimum elements, 2021-07-12.
func ntia() []element {
	c := clusterNTIA
	return []element{
		{id: "supplier-name", cluster: c, title: "Supplier name", remedy: producerRemedy,
			places: func(b *Bill) []place {
				return []place{at("model.producer", b.Model.Producer), at("system.producer", b.System.Producer)}
			}},
		{id: "component-name", cluster: c, title: "Component name", remedy: "make the bill of a named folder",
			places: func(b *Bill) []place { return []place{stated("name", b.Name)} }},
		{id: "component-version", cluster: c, title: "Version of the component", remedy: versionRemedy, places: versions},
		{id: "other-unique-identifiers", cluster: c, title: "Other unique identifiers", remedy: "make the bill with picket bom gen, which hashes every file",
			places: func(b *Bill) []place {
				return append([]place{hashed(b, string(b.Digest))}, each("model.identifiers", b.Model.Identifiers)...)
			}},
		{id: "dependency-relationship", cluster: c, title: "Dependency relationship",
			remedy: "name what the content is made of: `base_model:` and `datasets:` in the front matter of README.md, libraries in requirements.txt", places: relationships},
		{id: "sbom-data-author", cluster: c, title: "Author of SBOM data", remedy: "picket bom gen PATH --author NAME",
			places: func(b *Bill) []place { return each("authors", b.Authors) }},
		{id: "timestamp", cluster: c, title: "Timestamp", remedy: "picket bom gen PATH --timestamp now",
			places: func(b *Bill) []place { return []place{stated("time", moment(b.Time))} }},
	}
}

// stated is a place with what the bill itself is.
func stated(path, value string) place {
	if value == "" {
		return place{}
	}
	return place{path, Field{value, Verified, "the bill"}}
}

// hashed is a place with the digest. Picket computed it when it made the bill; one in a document of others is their word.
func hashed(b *Bill, value string) place {
	p := stated("digest", value)
	if b.Format != FormatName && value != "" {
		p.Confidence = Declared
	}
	return p
}

// number writes a count; empty for none.
func number(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// parts counts things; empty for none.
func parts(n int, thing string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d × %s", n, thing)
}

// moment writes a time; empty for the zero time.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// versions are the fields that say which version the content is.
func versions(b *Bill) []place {
	list := []place{at("model.version", b.Model.Version)}
	if b.Kind == DatasetKind && len(b.Datasets) > 0 {
		list = append(list, at("datasets[0].version", b.Datasets[0].Version))
	}
	if b.Kind == ProgramKind {
		for i, s := range b.Software {
			if s.Use == "" { // the main module of a program
				list = append(list, at(fmt.Sprintf("software[%d].version", i), s.Version))
			}
		}
	}
	return list
}

// built says when a program was built from which commit.
func built(b *Bill) []place {
	for i, p := range b.Model.Properties {
		if p.Name == "build.vcs.time" {
			return []place{at(fmt.Sprintf("model.properties[%d]", i), p.Field)}
		}
	}
	return nil
}

// ports are inputs and outputs.
func ports(b *Bill) []place {
	if len(b.Model.Inputs) == 0 || len(b.Model.Outputs) == 0 {
		return nil
	}
	return append(each("model.inputs", b.Model.Inputs), each("model.outputs", b.Model.Outputs)...)
}

// references are places to look further.
func references(b *Bill) []place {
	var places []place
	for i, r := range b.References {
		places = append(places, place{fmt.Sprintf("references[%d]", i), r.URL})
	}
	return places
}

// relationships are what the content is made of.
func relationships(b *Bill) []place {
	var places []place
	for i, a := range b.Lineage {
		places = append(places, place{fmt.Sprintf("lineage[%d]", i), a.Name})
	}
	places = append(places, software(b)...)
	for i, d := range b.Datasets {
		places = append(places, place{fmt.Sprintf("datasets[%d]", i), d.Name})
	}
	return places
}

// software are the libraries, those with a version first.
func software(b *Bill) []place {
	var exact, any []place
	for i, s := range b.Software {
		p := place{fmt.Sprintf("software[%d]", i), s.Name}
		if s.Version.Value != "" && s.Version.Confidence != Unresolved {
			p.Value += " " + s.Version.Value
			exact = append(exact, p)
		} else {
			any = append(any, p)
		}
	}
	return append(exact, any...)
}
