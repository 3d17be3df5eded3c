using NearCache.ZooKeeper;

namespace NearCache.Tests.Conventions;

/// <summary>Requests to ZooKeeper pass one gate: no other code of NearCache uses the client.</summary>
public sealed class EnsembleGatewayTests
{
    // The gate with its lanes; the code that creates a client and passes it to the gate; and the cleaner, which a person runs, with a
    // separate session and rate.
    private static readonly string[] MayHaveTheClient =
    [
        "Coherence/Ensemble/EnsembleGateway.cs", "Coherence/Ensemble/EnsembleLane.cs", "Composition/ClientPools.cs",
            "Composition/CoherenceTier.cs",
        "Composition/EnsembleTier.cs", "Maintenance/NamespaceCleaner.cs", "Coherence/Namespaces/LeftoverSweep.cs",
        "Coherence/Namespaces/NamespaceRemoval.cs", "Observing/FleetClient.cs",
    ];

    [Fact]
    public void No_request_can_go_around_the_gate()
    {
        var project = SourceProject.Read("NearCache");
        var client = typeof(ZooKeeperClient).FullName!;

        Assert.Equal(MayHaveTheClient.Order(), project.FilesThatUse(client).Order());

        // The composition only passes it on.
        Assert.Empty(project.CallsOf(client, "Composition/CoherenceTier.cs"));
        Assert.Empty(project.CallsOf(client, "Composition/EnsembleTier.cs"));
        Assert.Empty(project.CallsOf(client, "Observing/FleetClient.cs"));
        Assert.NotEmpty(project.CallsOf(client, "Coherence/Ensemble/EnsembleLane.cs"));
    }

    [Theory]
    [InlineData("class X { B.Client _client; }")]                                  // by name
    [InlineData("class X(B.Client client) { void M() { client.Ask(); } }")]
    [InlineData("class X { void M(Y y) { y.Client.Ask(); } }")]                    // without its name
    [InlineData("class X { void M(Y y) { var z = y.Client; } }")]
    [InlineData("class X { object M(Y y) => y.Rented; }")]                         // wrapped
    public void A_use_is_found_however_it_is_written(string file)
    {
        var project = SourceProject.Of(
            ("X.cs", "namespace A; " + file),
            ("Y.cs", "namespace A; class Y { public B.Client Client; public B.Rented<B.Client> Rented; } class None { }"),
            ("B.cs", "namespace B; class Client { public void Ask() { } } class Rented<T> { }"));

        Assert.Contains("X.cs", project.FilesThatUse("B.Client"));
        Assert.DoesNotContain(
            "Z.cs",
            SourceProject.Of(("Z.cs", "namespace A; class Z { string Name => nameof(Z); }"), ("B.cs", "namespace B; class Client { }"))
                .FilesThatUse("B.Client"));
    }
}
