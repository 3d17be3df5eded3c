using k8s;
using k8s.Models;
using NearCache.IntegrationTests;

namespace NearCache.Deployment.Tests.Kubernetes;

/// <summary>The objects of deploy/kubernetes.</summary>
internal static class Manifests
{
    public const string Folder = "deploy/kubernetes";

    /// <summary>The files that kustomization.yaml lists.</summary>
    public static IReadOnlyList<string> Files { get; } =
    [
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, Folder), "*.yaml")
            .Select(file => Path.GetFileName(file))
            .Where(file => file != "kustomization.yaml")
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Every object. A field that Kubernetes does not know is an exception.</summary>
    public static IReadOnlyList<object> All { get; } = [.. Files.SelectMany(Read)];

    public static IEnumerable<(string Name, V1PodTemplateSpec Pod)> Workloads =>
        Of<V1StatefulSet>().Select(set => (set.Metadata.Name, set.Spec.Template))
            .Concat(Of<V1Deployment>().Select(deployment => (deployment.Metadata.Name, deployment.Spec.Template)));

    public static IEnumerable<V1Container> Containers => Workloads.SelectMany(workload => workload.Pod.Spec.Containers);

    public static List<object> Read(string file) => Parse(Repository.Read($"{Folder}/{file}"));

    public static List<object> Parse(string yaml) => KubernetesYaml.LoadAllFromString(yaml, strict: true);

    public static IEnumerable<T> Of<T>() => All.OfType<T>();

    public static V1Container Container(string name) => Containers.Single(container => container.Name == name);

    /// <summary>Whether a selector selects a workload's pods.</summary>
    public static bool Selects(V1LabelSelector selector, V1PodTemplateSpec pod) =>
        (selector.MatchLabels ?? new Dictionary<string, string>()).All(pod.Metadata.Labels.Contains);
}
