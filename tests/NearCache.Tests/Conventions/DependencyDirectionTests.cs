namespace NearCache.Tests.Conventions;

public sealed class DependencyDirectionTests
{
    // Each folder of each project, and the folders of the same project that it may use. The root may use every folder. A folder may
    // use the root's contracts (options, results, exceptions): files there that use only folders which it may use itself. So no folder
    // uses the code that joins the folders.
    private static readonly Dictionary<string, Dictionary<string, string[]>> Allowed = new()
    {
        ["NearCache"] = new()
        {
            // What the application names: settings and results.
            ["Brokers"] = [],
            ["Options"] = ["Brokers"],
            ["Registry"] = ["Options"],
            ["Snapshots"] = ["Registry", "Coherence/Core", "Options"],
            ["Configuration"] = [],
            ["Diagnostics"] = ["Snapshots", "Options"],
            ["Loops"] = ["Diagnostics"],
            ["Flights"] = [],

            // The remote tier.
            ["Remote"] = [],
            ["Remote/Keys"] = ["Remote", "Options"],
            ["Remote/Formats"] = ["Remote/Formats/Json", "Remote", "Options"],
            ["Remote/Formats/Json"] = ["Remote"],
            ["Remote/Memcached"] = ["Remote"],
            ["Remote/Embedded"] = ["Remote"],
            ["Remote/DistributedCache"] = ["Remote/Embedded", "Remote/Keys", "Remote"],

            // The near tier and its rules.
            ["Rules"] = ["Diagnostics", "Configuration", "Snapshots", "Options"],
            ["Near/Eviction"] = [],
            ["Near"] = ["Near/Eviction", "Coherence/Ledger/Core", "Coherence/Core", "Rules", "Diagnostics"],
            ["Tags"] = ["Coherence/Ledger/Core", "Coherence/Core", "Rules"],
            ["Usage"] = ["Coherence/Core", "Rules", "Remote", "Loops", "Diagnostics", "Registry", "Snapshots"],
            ["HotKeys/Core"] = ["Snapshots"],
            ["HotKeys"] = ["HotKeys/Core", "Coherence/Core", "Near", "Rules", "Remote/Keys", "Diagnostics", "Snapshots", "Options"],

            // Each area of coherence: its deterministic core, which uses no driver, and the driver around it.
            ["Coherence/Core"] = [],
            ["Coherence/Ledger/Core"] = ["Coherence/Core"],
            ["Coherence/ServerRules/Core"] = ["Coherence/Core"],
            ["Coherence/Ensemble/Core"] = [],
            ["Coherence/Slots/Core"] = ["Coherence/Ensemble/Core", "Coherence/Core"],
            ["Coherence/Identity/Core"] = ["Coherence/Core"],
            ["Coherence/Ledger"] =
            [
                "Coherence/Identity/Core", "Coherence/ServerRules/Core", "Coherence/Ledger/Core", "Coherence/Core", "Near", "Rules",
                "Remote", "Loops", "Diagnostics",
            ],
            ["Coherence/Ensemble"] = ["Coherence/Ensemble/Core", "Coherence/Core", "Near", "Remote", "Diagnostics"],
            ["Coherence/Identity"] =
            [
                "Coherence/Ensemble", "Coherence/Ledger", "Coherence/Identity/Core", "Coherence/Ensemble/Core", "Coherence/Core", "Near",
                "Remote", "Loops", "Diagnostics",
            ],
            ["Coherence/ServerRules"] =
            [
                "Coherence/Ledger", "Coherence/ServerRules/Core", "Coherence/Ledger/Core", "Coherence/Core", "Tags", "Near", "Rules",
                "Remote", "Loops", "Diagnostics", "Registry", "Options",
            ],
            ["Coherence/Churn"] =
            [
                "Coherence/ServerRules", "Coherence/Ledger", "Coherence/Core", "Usage", "Near", "Rules", "Remote", "Loops", "Diagnostics",
                "Snapshots",
            ],
            ["Coherence/Monitoring/Core"] = ["Coherence/Ledger/Core", "Coherence/Core"],
            ["Coherence/Monitoring"] =
            [
                "Coherence/Monitoring/Core", "Coherence/Ledger", "Coherence/Ledger/Core", "Coherence/Core", "Near", "Rules", "Remote",
                "Loops", "Diagnostics", "Snapshots", "Options",
            ],
            ["Coherence/Registry"] =
            [
                "Coherence/ServerRules", "Coherence/Ensemble", "Coherence/Ledger", "Coherence/Ensemble/Core",
                "Coherence/ServerRules/Core", "Coherence/Core", "Usage", "Near", "Rules", "Loops", "Diagnostics", "Registry", "Options",
            ],
            ["Coherence/Carriers"] = ["Coherence/Ledger", "Coherence/Ledger/Core", "Coherence/Core", "Snapshots"],
            ["Coherence/Messages/Core"] = ["Coherence/Slots/Core", "Coherence/Ensemble/Core", "Coherence/Core"],
            ["Coherence/Messages"] =
            [
                "Coherence/Carriers", "Coherence/Ledger", "Coherence/Messages/Core", "Coherence/Slots/Core", "Coherence/Ensemble/Core",
                "Coherence/Identity/Core", "Coherence/Ledger/Core", "Coherence/Core", "Near", "Remote", "Loops", "Diagnostics",
                "Brokers", "Snapshots", "Options",
            ],
            ["Coherence/Slots"] =
            [
                "Coherence/ServerRules", "Coherence/Ensemble", "Coherence/Ledger", "Coherence/Slots/Core", "Coherence/Ensemble/Core",
                "Coherence/Ledger/Core", "Coherence/Core", "Near", "Rules", "Loops", "Diagnostics", "Snapshots", "Options",
            ],
            ["Coherence/Namespaces"] =
            [
                "Coherence/Registry", "Coherence/ServerRules", "Coherence/Ensemble", "Coherence/Ledger", "Coherence/Slots/Core",
                "Coherence/Ensemble/Core", "Coherence/Core", "Near", "Rules", "Loops", "Diagnostics", "Snapshots", "Options",
            ],
            ["Coherence"] =
            [
                "Coherence/Namespaces", "Coherence/Slots", "Coherence/Carriers", "Coherence/ServerRules", "Coherence/Ensemble",
                "Coherence/Ledger", "Coherence/Ledger/Core", "Coherence/Identity/Core", "Coherence/Core", "Tags", "Near", "Rules", "Remote",
                "Flights", "Loops", "Diagnostics", "Snapshots", "Registry", "Options",
            ],
            ["Events"] = ["Near", "Loops", "Diagnostics", "Registry"],

            // The paths of a call, and what stands on them.
            ["Placement"] = ["Coherence", "Coherence/Ledger", "Coherence/Core", "Near", "Remote/Keys"],
            ["Reading"] =
            [
                "Placement", "Coherence", "Coherence/ServerRules", "Coherence/Ledger", "Coherence/Ledger/Core", "Coherence/Core", "HotKeys",
                "Near", "Rules", "Remote/Formats", "Remote", "Flights", "Loops", "Diagnostics", "Options",
            ],
            ["Writing"] =
            [
                "Placement", "Coherence/ServerRules", "Coherence/Ledger", "Coherence/Core", "HotKeys", "Near", "Rules", "Remote/Formats",
                "Remote", "Flights", "Diagnostics", "Options",
            ],
            ["Creating"] =
            [
                "Writing", "Reading", "Placement", "Coherence/Ledger", "Coherence/Ledger/Core", "Coherence/Core", "Near", "Rules",
                "Remote/Formats", "Remote", "Flights", "Loops", "Diagnostics", "Options",
            ],
            ["Ownership"] = ["Reports", "Remote", "Snapshots"],
            ["Why"] =
            [
                "Placement", "Coherence/ServerRules", "Coherence/Ledger", "Coherence/ServerRules/Core", "Coherence/Ledger/Core",
                "Coherence/Core", "Near/Eviction", "Near", "Rules", "Remote/Formats", "Remote", "Reports",
                "Snapshots", "Registry",
            ],
            ["Locks"] = ["Placement", "Coherence/Ledger", "Coherence/Core", "Near", "Remote", "Diagnostics"],
            ["Adapters/Distributed"] =
            [
                "Writing", "Reading", "Placement", "Coherence/Ledger", "Near", "Remote/Formats", "Remote", "Diagnostics",
            ],
            ["Adapters/Hybrid"] =
            [
                "Creating", "Writing", "Reading", "Placement", "Coherence/Ledger", "Coherence/Ledger/Core", "Coherence/Core", "Tags",
                "Near", "Rules", "Remote/Formats/Json", "Remote/Formats", "Remote/Keys", "Remote", "Flights", "Diagnostics", "Options",
            ],

            // The reports of processes. Only consoles and tools read them, so no other folder uses these.
            ["Reports/Core"] = ["Coherence/Core"],
            ["Reports/Formats"] = ["Reports/Core", "Snapshots", "Options"],
            ["Reports"] = ["Reports/Core", "Reports/Formats", "Remote", "Snapshots", "Diagnostics"],

            // Proposals for rules: a deterministic core, and what reads its figures.
            ["Advice/Core"] = ["HotKeys/Core", "Rules", "Diagnostics", "Registry", "Snapshots", "Options"],
            ["Advice"] = ["Advice/Core", "Reports", "Registry", "Snapshots", "Options"],

            // What joins the others.
            ["Options/Binding"] = ["Remote/Memcached", "Configuration", "Options", "Brokers"],
            ["Options/Validation"] = ["Brokers", "Coherence/Ledger", "Rules", "Remote/Keys", "Remote", "Configuration", "Options"],
            ["Maintenance"] = ["Coherence/Namespaces", "Coherence/Ensemble", "Configuration", "Snapshots", "Options"],
            ["Composition"] =
            [
                "Advice", "Events", "HotKeys",
                "Options/Validation", "Options/Binding", "Adapters/Hybrid", "Adapters/Distributed", "Locks", "Why", "Ownership", "Creating",
                "Writing",
                "Reading", "Placement", "Coherence", "Coherence/Namespaces", "Coherence/Slots", "Coherence/Registry", "Coherence/Churn",
                "Coherence/Identity", "Coherence/Identity/Core", "Coherence/Carriers", "Coherence/Messages", "Brokers",
                "Coherence/Monitoring", "Coherence/Monitoring/Core",
                "Coherence/ServerRules", "Coherence/Ensemble", "Coherence/Ledger", "Coherence/Ensemble/Core", "Coherence/Ledger/Core",
                "Coherence/Core",
                "Reports", "Reports/Core", "Usage", "Tags", "Near", "Rules",
                "Remote/DistributedCache", "Remote/Embedded", "Remote/Memcached",
                "Remote/Formats/Json", "Remote/Formats", "Remote/Keys", "Remote", "Flights", "Loops", "Diagnostics", "Configuration",
                "Snapshots", "Registry", "Options",
            ],
            ["Observing"] =
            [
                "Advice", "Advice/Core",
                "Composition", "Maintenance", "Options/Validation", "Options/Binding", "Coherence/Namespaces", "Coherence/Registry",
                "Coherence/ServerRules", "Coherence/Ensemble", "Coherence/Ledger", "Coherence/Ledger/Core", "Coherence/Identity/Core",
                "Coherence/Core", "Usage", "Why", "Ownership", "Reports", "Reports/Core", "Near", "Rules", "Remote/Memcached",
                "Remote/Formats", "Remote/Keys", "Remote", "Loops", "Diagnostics", "Snapshots", "Registry", "Options",
            ],
            ["Adapters"] =
            [
                "Composition", "Adapters/Hybrid", "Adapters/Distributed", "Locks", "Why", "Reports", "Creating", "Writing", "Reading",
                "Placement", "Tags", "Near", "Remote/Keys", "Remote", "Diagnostics", "Snapshots", "Registry", "Options",
            ],
            ["Health"] =
            [
                "Composition", "Locks", "Why", "Reports", "Creating", "Writing", "Reading", "Placement", "Near", "Remote", "Snapshots",
                "Registry", "Options",
            ],
            ["Registration"] =
            [
                "Adapters", "Composition", "Options/Validation", "Options/Binding", "Locks", "Why", "Reports", "Creating", "Writing",
                "Reading", "Placement", "Near", "Rules", "Remote", "Diagnostics", "Configuration", "Snapshots", "Registry", "Options",
            ],
        },
        ["NearCache.Cli"] = new()
        {
            ["Output"] = [],
            ["Connecting"] = [],
            ["Rules"] = ["Connecting", "Output"],
            ["Doctoring"] = ["Output"],
            ["Commands"] = ["Doctoring", "Rules", "Connecting", "Output"],
        },
        ["NearCache.Management"] = new()
        {
            // What is known of a fleet, and what it means: no clock, no server, no HTTP.
            ["Core"] = [],
            ["Diagnostics"] = [],
            ["Files"] = [],
            ["Storage"] = ["Core", "Diagnostics"],
            ["Collecting"] = ["Core", "Storage", "Diagnostics"],
            ["Security"] = ["Diagnostics"],
            ["Api/Models"] = [],
            ["Api"] = ["Api/Models", "Collecting", "Core", "Storage", "Security", "Files", "Diagnostics"],
            ["Registration"] = ["Api", "Security", "Diagnostics"],
            ["StandAlone"] = ["Registration", "Api", "Api/Models", "Security"],
        },
        ["NearCache.Memcached"] = new()
        {
            ["Protocol"] = [],
            ["Diagnostics"] = [],
            ["Connections"] = ["Protocol", "Diagnostics"],
            ["Topology"] = ["Connections", "Diagnostics"],
        },
        ["NearCache.ZooKeeper"] = new()
        {
            ["Protocol"] = [],
            ["Diagnostics"] = [],
            ["Watches"] = ["Protocol", "Diagnostics"],
            ["Sessions"] = ["Watches", "Protocol", "Diagnostics"],
        },
        ["NearCache.RabbitMq"] = [],
        ["NearCache.Transport"] = new()
        {
            ["Scheduling"] = [],
            ["Readiness"] = ["Scheduling"],
        },
    };

    // Contracts although they use a folder: settings whose defaults are there.
    private static readonly Dictionary<string, string[]> Contracts = new()
    {
        ["NearCache.Memcached"] = ["MemcachedOptions.cs"],
    };

    public static TheoryData<string> Projects => [.. Allowed.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Every_folder_is_listed_and_uses_only_the_folders_below_it(string name)
    {
        var project = SourceProject.Read(name);

        Assert.Empty(project.Unresolved);
        Assert.Equal(Allowed[name].Keys.Order(), project.Folders.Where(folder => folder.Length > 0).Order());
        Assert.Equal("", string.Join('\n', Breaches(project, Allowed[name], Contracts.GetValueOrDefault(name, []))));
    }

    [Theory]
    [InlineData("namespace A.Low; class X { void M() { High.Y.N(); } }")]                            // by name
    [InlineData("using A.High; namespace A.Low; class X { void M() { Y.N(); } }")]
    [InlineData("using Y = A.High.Y; namespace A.Low; class X { void M() { Y.N(); } }")]             // by another name
    [InlineData("namespace A.Low; class X { void M() { var y = new Middle().Y; } }")]                // without a name
    [InlineData("namespace A.Low; class X { void M() { new Middle().Y.O(); } }")]
    [InlineData("namespace A.Low; class X { void M() { new Client(); } }")]                          // by what joins folders at the root
    public void A_use_against_the_direction_is_found(string low)
    {
        var project = SourceProject.Of(
            ("Low/X.cs", low),
            ("Low/Middle.cs", "namespace A.Low; class Middle { public dynamic Z; public A.High.Y Y; }"),
            ("High/Y.cs", "namespace A.High; class Y { public static void N() { } public void O() { } Low.Middle _middle; }"),
            ("Client.cs", "namespace A; class Client { High.Y _y; }"),
            ("Options.cs", "namespace A; class Options { Low.Middle _middle; }"));
        var allowed = new Dictionary<string, string[]> { ["Low"] = [], ["High"] = ["Low"] };

        Assert.Contains(Breaches(project, allowed, []), breach => breach.StartsWith("Low/X.cs uses ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_use_along_the_direction_or_of_a_contract_is_none()
    {
        var project = SourceProject.Of(
            ("Low/X.cs", "namespace A.Low; class X { Options _options; string Name => nameof(High.Y); /* Y */ }"),
            ("High/Y.cs", "namespace A.High; class Y { Low.X _x; Options _options; }"),
            ("Options.cs", "namespace A; class Options { Low.X _x; }"));

        Assert.Empty(Breaches(project, new Dictionary<string, string[]> { ["Low"] = [], ["High"] = ["Low"] }, []));
    }

    [Theory]
    [InlineData("class X { Nowhere _field; }", "Nowhere")]
    [InlineData("class X { void M() { Missing(); } }", "Missing")]
    [InlineData("class X { void M() { var y = Lost.Value; } }", "Lost")]
    [InlineData("class X { string M() => System.Gone.Text; }", "Gone")]
    [InlineData("[Absent] class X : Base;", "Absent, Base")]
    public void A_name_that_is_not_resolved_is_found(string text, string expected) => Assert.Equal(
        expected.Split(", ").Select(name => $"X.cs: {name}"),
        SourceProject.Of(("X.cs", text)).Unresolved);

    private static List<string> Breaches(SourceProject project, Dictionary<string, string[]> allowed, string[] contracts)
    {
        var uses = project.Uses()
            .Select(use => (use.User, use.Used, use.Type, From: SourceProject.FolderOf(use.User), To: SourceProject.FolderOf(use.Used)))
            .ToArray();
        var usedByRootFile = uses.Where(use => use.From.Length == 0 && use.To.Length > 0).ToLookup(use => use.User, use => use.To);
        bool MayUse(string folder, string other) => folder == other || allowed.GetValueOrDefault(folder, []).Contains(other);
        return [.. uses
            .Where(use => use.From.Length > 0 && (use.To.Length > 0
                ? !MayUse(use.From, use.To)
                : !contracts.Contains(use.Used) && usedByRootFile[use.Used].Any(folder => !MayUse(use.From, folder))))
            .Select(use => $"{use.User} uses {use.Type} of {use.Used}")];
    }
}
