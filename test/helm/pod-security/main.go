// Evaluates the pods of the Kubernetes objects on standard input against Pod Security "restricted", as the
// API server's admission does. Prints what is against it; exits with 1 where anything is, or where there is no pod.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	syaml "sigs.k8s.io/yaml"
)

type pod struct {
	name string
	meta metav1.ObjectMeta
	spec corev1.PodSpec
}

func main() {
	pods, err := readPods(os.Stdin)
	if err == nil && len(pods) == 0 {
		err = errors.New("no pods among the objects")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		panic(err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, pod := range pods {
		results := evaluator.EvaluatePod(restricted, &pod.meta, &pod.spec)
		if result := policy.AggregateCheckResults(results); !result.Allowed {
			fmt.Fprintf(os.Stderr, "%s: %s\n", pod.name, result.ForbiddenDetail())
			defer os.Exit(1)
		}
	}
}

func readPods(input io.Reader) ([]pod, error) {
	var pods []pod
	documents := yaml.NewYAMLReader(bufio.NewReader(input))
	for {
		text, err := documents.Read()
		if err == io.EOF {
			return pods, nil
		}
		if err != nil {
			return nil, err
		}
		var kind metav1.TypeMeta
		if err := syaml.Unmarshal(text, &kind); err != nil {
			return nil, err
		}
		switch kind.Kind {
		case "StatefulSet":
			var set appsv1.StatefulSet
			if err := syaml.UnmarshalStrict(text, &set); err != nil {
				return nil, err
			}
			pods = append(pods, pod{set.Name, set.Spec.Template.ObjectMeta, set.Spec.Template.Spec})
		case "Job":
			var job batchv1.Job
			if err := syaml.UnmarshalStrict(text, &job); err != nil {
				return nil, err
			}
			pods = append(pods, pod{job.Name, job.Spec.Template.ObjectMeta, job.Spec.Template.Spec})
		case "Pod":
			var one corev1.Pod
			if err := syaml.UnmarshalStrict(text, &one); err != nil {
				return nil, err
			}
			pods = append(pods, pod{one.Name, one.ObjectMeta, one.Spec})
		}
	}
}
