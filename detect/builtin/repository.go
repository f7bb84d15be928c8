package builtin

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/ipynb"
	"github.com/picketsec/picket/artifact/format/jinja"
	"github.com/picketsec/picket/artifact/format/python"
	"github.com/picketsec/picket/artifact/format/yaml"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/hfconfig"
	detectipynb "github.com/picketsec/picket/detect/model/ipynb"
	detectjinja "github.com/picketsec/picket/detect/model/jinja"
	"github.com/picketsec/picket/detect/model/modelcard"
	detectpython "github.com/picketsec/picket/detect/model/python"
	"github.com/picketsec/picket/detect/model/requirements"
	detectyaml "github.com/picketsec/picket/detect/model/yaml"
)

// repositoryFormats lists the formats of files in model repositories that configure their loader.
func repositoryFormats() []format.Format {
	return []format.Format{python.Format{}, jinja.Format{}, yaml.Format{}, ipynb.Format{}}
}

// repositoryDetectors lists the detectors of files in model repositories that configure their loader.
func repositoryDetectors() []detect.Detector {
	return []detect.Detector{detectpython.Detector{}, hfconfig.Detector{}, detectjinja.Detector{}, detectyaml.Detector{}, detectipynb.Detector{}, modelcard.Detector{}, requirements.Detector{}}
}
