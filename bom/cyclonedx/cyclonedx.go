// Package cyclonedx writes and reads bills of materials as CycloneDX 1.6 and 1.7.
package cyclonedx

import (
	_ "github.com/CycloneDX/cyclonedx-go"
)
