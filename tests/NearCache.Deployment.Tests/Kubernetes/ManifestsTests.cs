using System.Diagnostics;
using k8s.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NearCache.IntegrationTests;
using NearCache.TestSupport.Servers;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace NearCache.Deployment.Tests.Kubernetes;

/// <summary>deploy/kubernetes: each field is known, each name leads to something that exists, and each setting is one.</summary>
public sealed class ManifestsTests
{
    // What the processes read besides NearCache: and Storefront:, with the file that reads it.
    private static readonly Dictionary<string, string> OtherVariables = new()
    {
        ["POD_NAME"] = "src/NearCache/Options/ReportOptions.cs",
        ["NODE_NAME"] = "src/NearCache/Options/ReportOptions.cs",
        ["NODE_IP"] = "src/NearCache/Options/ReportOptions.cs",
        ["DOTNET_SHUTDOWNTIMEOUTSECONDS"] = "",   // the generic host
    };

    public static TheoryData<string> Files => [.. Manifests.Files];

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_field_is_known(string file) => Assert.NotEmpty(Manifests.Read(file));

    [Fact]
    public void An_unknown_field_is_found_out() => Assert.ThrowsAny<YamlException>(
        () => Manifests.Parse("apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { clusterIPs: [None], selektor: { a: b } }\n"));

    [Fact]
    public void The_kustomization_lists_every_file()
    {
        var kustomization = new DeserializerBuilder().Build()
            .Deserialize<Dictionary<string, object>>(Repository.Read($"{Manifests.Folder}/kustomization.yaml"));

        Assert.Equal(Manifests.Files, ((List<object>)kustomization["resources"]).Cast<string>().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Kustomize_renders_objects_that_are_valid()
    {
        Assert.SkipUnless(Require.IsInstalled("kubectl"), "kubectl is not installed");
        var start = new ProcessStartInfo("kubectl", ["kustomize", Path.Combine(Repository.Root, Manifests.Folder)])
        {
            RedirectStandardOutput = true,
        };
        using var kubectl = Process.Start(start)!;
        var rendered = await kubectl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await kubectl.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, kubectl.ExitCode);
        Assert.Equal(Manifests.All.Count, Manifests.Parse(rendered).Count);
    }

    [Fact]
    public void Every_selector_finds_pods_and_every_named_port_exists()
    {
        var workloads = Manifests.Workloads.Select(workload => workload.Pod).ToArray();
        Assert.All(Manifests.Of<V1PodDisruptionBudget>(), budget =>
            Assert.Contains(workloads, pod => Manifests.Selects(budget.Spec.Selector, pod)));
        Assert.All(Manifests.Of<V1Service>(), service =>
        {
            var pod = Assert.Single(workloads, pod => service.Spec.Selector.All(pod.Metadata.Labels.Contains));
            var ports = pod.Spec.Containers.SelectMany(container => container.Ports).Select(port => port.Name);
            Assert.All(service.Spec.Ports, port => Assert.Contains(port.TargetPort.Value, ports));
        });
        Assert.All(Manifests.Of<V1NetworkPolicy>().Where(policy => policy.Spec.PodSelector.MatchLabels is not null), policy =>
        {
            var pod = Assert.Single(workloads, pod => Manifests.Selects(policy.Spec.PodSelector, pod));
            var ports = pod.Spec.Containers.SelectMany(container => container.Ports).Select(port => port.Name);
            Assert.All(policy.Spec.Ingress.SelectMany(rule => rule.Ports), port => Assert.Contains(port.Port.Value, ports));
        });
        Assert.All(Manifests.Containers, container =>
        {
            V1Probe?[] probes = [container.StartupProbe, container.LivenessProbe, container.ReadinessProbe];
            var names = probes.OfType<V1Probe>().Select(probe => (probe.HttpGet?.Port ?? probe.TcpSocket?.Port)?.Value).OfType<string>();
            Assert.All(names, name => Assert.Contains(name, container.Ports.Select(port => port.Name)));
        });
    }

    [Fact]
    public void Every_environment_variable_is_a_setting_and_names_servers_that_exist()
    {
        foreach (var container in Manifests.Containers.Where(container => container.Name == "storefront"))
        {
            var names = container.Env.Select(variable => variable.Name).ToArray();
            Assert.All(names.Where(name => !name.StartsWith("NearCache__", StringComparison.Ordinal)), name =>
            {
                if (name.StartsWith("Storefront__", StringComparison.Ordinal))
                {
                    Assert.Contains(
                        $" {name["Storefront__".Length..]} {{",
                        Repository.Read("samples/Storefront/Source/StorefrontOptions.cs"),
                        StringComparison.Ordinal);
                }
                else
                {
                    Assert.Contains(name, OtherVariables.Keys);
                }
            });
            var options = OptionsOf(container);
            Assert.Equal(PodsOf("memcached", 11211), options.Memcached.Servers);
            Assert.Equal(PodsOf("zookeeper", 2181), options.ZooKeeper.ConnectionString.Split(','));
        }

        Assert.All(OtherVariables.Where(variable => variable.Value.Length > 0), variable =>
            Assert.Contains(variable.Key, Repository.Read(variable.Value), StringComparison.Ordinal));
    }

    [Fact]
    public void A_misspelled_environment_variable_is_found_out() => Assert.Throws<OptionsValidationException>(() => OptionsOf(
        new V1Container { Env = [new V1EnvVar { Name = "NearCache__Memcached__Server__0", Value = "a:1" }] }));

    [Fact]
    public void No_name_stands_for_several_memcacheds()
    {
        var memcached = Manifests.Of<V1Service>().Single(service => service.Metadata.Name == "memcached");
        Assert.Equal("None", memcached.Spec.ClusterIP);
        Assert.True(memcached.Spec.PublishNotReadyAddresses);
        Assert.Equal("memcached", Manifests.Of<V1StatefulSet>().Single(set => set.Metadata.Name == "memcached").Spec.ServiceName);
    }

    [Fact]
    public void Liveness_asks_no_shared_dependency_and_a_stop_fits_into_the_grace_time()
    {
        var pod = Manifests.Of<V1Deployment>().Single(deployment => deployment.Metadata.Name == "storefront").Spec.Template.Spec;
        var container = Assert.Single(pod.Containers);

        Assert.Equal("/health/live", container.LivenessProbe.HttpGet.Path);
        Assert.Equal("/health/live", container.StartupProbe.HttpGet.Path);
        Assert.Equal("/health/ready", container.ReadinessProbe.HttpGet.Path);
        var shutdown = int.Parse(container.Env.Single(variable => variable.Name == "DOTNET_SHUTDOWNTIMEOUTSECONDS").Value,
            System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(container.Lifecycle.PreStop.Sleep.Seconds + shutdown < pod.TerminationGracePeriodSeconds);
    }

    [Fact]
    public void The_quorum_survives_a_disruption_and_the_ensemble_knows_each_of_its_servers()
    {
        var set = Manifests.Of<V1StatefulSet>().Single(set => set.Metadata.Name == "zookeeper");
        var budget = Manifests.Of<V1PodDisruptionBudget>().Single(budget => budget.Metadata.Name == "zookeeper");
        var servers = Manifests.Container("zookeeper").Env.Single(variable => variable.Name == "ZOO_SERVERS").Value.Split(' ');

        Assert.True(set.Spec.Replicas - int.Parse(budget.Spec.MaxUnavailable, null) > set.Spec.Replicas / 2);
        Assert.Equal(
            Enumerable.Range(0, set.Spec.Replicas!.Value).Select(i => $"server.{i + 1}=zookeeper-{i}.zookeeper:2888:3888;2181"), servers);
    }

    // The official image has logback.xml in /conf, and its entry point adds zoo.cfg. Without the former every packet is logged.
    [Fact]
    public void No_volume_hides_the_log_levels_of_ZooKeeper() =>
        Assert.DoesNotContain("/conf", Manifests.Container("zookeeper").VolumeMounts.Select(mount => mount.MountPath));

    [Fact]
    public void The_images_are_those_of_the_composition()
    {
        var compose = Repository.Read("deploy/compose.yaml");
        Assert.All(new[] { "memcached", "zookeeper", "storefront" }, name =>
            Assert.Contains($"image: {Manifests.Container(name).Image}\n", compose, StringComparison.Ordinal));
    }

    [Fact]
    public void The_console_observes_the_fleet_of_the_shop_and_believes_the_sign_in_beside_it_alone()
    {
        const string Prefix = "NEARCACHE_CONSOLE__";
        const string Fleet = Prefix + "Contexts__shop__";
        var variables = Manifests.Container("console").Env;
        Assert.All(variables, variable => Assert.StartsWith(Prefix, variable.Name, StringComparison.Ordinal));
        var options = OptionsOf(new V1Container
        {
            Env =
            [
                .. variables.Where(variable => variable.Name.StartsWith(Fleet + "NearCache__", StringComparison.Ordinal))
                    .Select(variable => new V1EnvVar { Name = variable.Name[Fleet.Length..], Value = variable.Value }),
            ],
        });
        var shop = OptionsOf(Manifests.Container("storefront"));

        Assert.Equal(shop.Memcached.Servers, options.Memcached.Servers);
        Assert.Equal(shop.ZooKeeper.ConnectionString, options.ZooKeeper.ConnectionString);
        Assert.Contains($"\"Namespace\": \"{options.Namespace}\"", Repository.Read("samples/Storefront/appsettings.json"),
            StringComparison.Ordinal);
        var believed = variables.Where(variable => variable.Name.StartsWith(Prefix + "SignIn__Proxy__Addresses", StringComparison.Ordinal));
        Assert.Equal(["127.0.0.1"], believed.Select(variable => variable.Value));

        // No way leads to the console itself: only to its sign-in and to the door of Prometheus.
        var service = Manifests.Of<V1Service>().Single(service => service.Metadata.Name == "console");
        Assert.Equal(["metrics", "sign-in"], service.Spec.Ports.Select(port => port.TargetPort.Value).Order(StringComparer.Ordinal));
        var policy = Manifests.Of<V1NetworkPolicy>().Single(policy => policy.Metadata.Name == "console");
        Assert.Equal(
            ["metrics", "sign-in"],
            policy.Spec.Ingress.SelectMany(rule => rule.Ports).Select(port => port.Port.Value).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> PodsOf(string name, int port)
    {
        var set = Manifests.Of<V1StatefulSet>().Single(set => set.Metadata.Name == name);
        return Enumerable.Range(0, set.Spec.Replicas!.Value).Select(i => $"{name}-{i}.{set.Spec.ServiceName}:{port}");
    }

    private static NearCacheOptions OptionsOf(V1Container container)
    {
        var settings = container.Env.Where(variable => variable.Value is not null).ToDictionary(
            variable => variable.Name.Replace("__", ":", StringComparison.Ordinal), string? (variable) => variable.Value);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        using var provider = new ServiceCollection().AddLogging().AddNearCache(configuration.GetSection("NearCache")).Services
            .BuildServiceProvider();
        return provider.GetRequiredService<IOptions<NearCacheOptions>>().Value;
    }
}
