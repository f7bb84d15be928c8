// Program is a small program with one dependency, for the test that reads what a program was built from.
package main

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

func main() { fmt.Println(yaml.Marshal(1)) }
