// Package report collects what was measured and writes it as a table and as JSON.
package report

import (
	"fmt"
	"slices"
)

// Series is one figure, measured several times.
type Series []float64

// Median is the middle value, or the mean of the two in the middle; 0 for none.
func (s Series) Median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Min is the smallest value; 0 for none.
func (s Series) Min() float64 {
	if len(s) == 0 {
		return 0
	}
	return slices.Min(s)
}

// Max is the greatest value; 0 for none.
func (s Series) Max() float64 {
	if len(s) == 0 {
		return 0
	}
	return slices.Max(s)
}

// Unit is what a figure counts.
type Unit string

// The units.
const (
	Seconds      Unit = "s"
	Milliseconds Unit = "ms"
	Bytes        Unit = "bytes"
	Count        Unit = ""
)

// Format writes a figure as people read it: three digits or so.
func (u Unit) Format(value float64) string {
	switch u {
	case Seconds:
		return fmt.Sprintf("%.2f s", value)
	case Milliseconds:
		return fmt.Sprintf("%.1f ms", value)
	case Bytes:
		return formatBytes(value)
	}
	return fmt.Sprintf("%.0f", value)
}

func formatBytes(value float64) string {
	for _, scale := range []struct {
		factor float64
		name   string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if value >= scale.factor || value <= -scale.factor {
			return fmt.Sprintf("%.1f %s", value/scale.factor, scale.name)
		}
	}
	return fmt.Sprintf("%.0f B", value)
}
