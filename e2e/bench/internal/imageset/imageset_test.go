package imageset

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func graph() Graph {
	g := Graph{"libc": nil}
	for i := range 50 {
		g[fmt.Sprintf("p%d", i)] = []string{"libc", fmt.Sprintf("p%d", i/2)} // p0 depends on itself
	}
	return g
}

func TestChoose(t *testing.T) {
	images, err := graph().Choose(20, 10, []string{"p1"}, []string{"p40"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := graph().Choose(20, 10, []string{"p1"}, []string{"p40"})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(images, again) {
		t.Error("the same choice differs the second time")
	}
	different := map[string]bool{}
	for i, image := range images {
		closed := map[string]bool{}
		for _, root := range image.Roots {
			graph().Close(closed, root)
			if root == "p40" {
				t.Errorf("image %d has the excluded p40", i)
			}
		}
		if len(closed) != image.Packages || len(closed) < 10 {
			t.Errorf("image %d has %d packages, says %d, want at least 10", i, len(closed), image.Packages)
		}
		different[strings.Join(image.Roots, " ")] = true
	}
	if len(different) < 19 {
		t.Errorf("of 20 images only %d are different", len(different))
	}
	if _, err := graph().Choose(1, 100, nil, nil); err == nil {
		t.Error("100 packages out of 51: no error")
	}
}
