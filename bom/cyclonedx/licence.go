package cyclonedx

import (
	"regexp"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/picketsec/picket/bom"
)

// listed are identifiers of the SPDX licence list that models, data and their software have. Others are written by name, which
// is always right: an identifier that is not on the list makes a document invalid.
func listed() []string {
	return strings.Fields(`0BSD AFL-3.0 AGPL-3.0 AGPL-3.0-only AGPL-3.0-or-later Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause
		BSD-3-Clause-Clear BSL-1.0 C-UDA-1.0 CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 CC-BY-4.0 CC-BY-NC-2.0 CC-BY-NC-3.0 CC-BY-NC-4.0
		CC-BY-NC-ND-3.0 CC-BY-NC-ND-4.0 CC-BY-NC-SA-2.0 CC-BY-NC-SA-3.0 CC-BY-NC-SA-4.0 CC-BY-ND-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0
		CC0-1.0 CDLA-Permissive-1.0 CDLA-Permissive-2.0 CDLA-Sharing-1.0 ECL-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2 GFDL-1.3
		GPL-2.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0 GPL-3.0-only GPL-3.0-or-later HPND ISC LGPL-2.1 LGPL-2.1-only
		LGPL-2.1-or-later LGPL-3.0 LGPL-3.0-only LGPL-3.0-or-later MIT MIT-0 MPL-1.1 MPL-2.0 MS-PL NCSA O-UDA-1.0 ODC-By-1.0
		ODbL-1.0 OFL-1.1 OSL-3.0 PDDL-1.0 PSF-2.0 PostgreSQL Python-2.0 Ruby Unlicense W3C WTFPL X11 ZPL-2.1 Zlib`)
}

// expression is a text of licences and operators.
var expression = regexp.MustCompile(`^\(*[A-Za-z0-9.+-]+\)*(?: (?:AND|OR|WITH) \(*[A-Za-z0-9.+-]+\)*)+$`)

// licences lists licences as the document has them: one expression, or names and identifiers.
func licences(fields ...bom.Field) *cdx.Licenses {
	known := texts(fields)
	if known == nil {
		return nil
	}
	if len(known) == 1 && expression.MatchString(known[0]) {
		return &cdx.Licenses{{Expression: known[0]}}
	}
	var list cdx.Licenses
	for _, name := range known {
		at := slices.IndexFunc(listed(), func(id string) bool { return strings.EqualFold(id, name) })
		if at >= 0 {
			list = append(list, cdx.LicenseChoice{License: &cdx.License{ID: listed()[at]}})
		} else {
			list = append(list, cdx.LicenseChoice{License: &cdx.License{Name: name}})
		}
	}
	return &list
}
