using System.Globalization;

namespace NearCache.Coherence.Ensemble;

/// <summary>The paths of a namespace's nodes in ZooKeeper.</summary>
/// <remarks>docs/formats.md, "ZooKeeper".</remarks>
internal sealed class NamespacePaths(string @namespace)
{
    /// <summary>The number of slots.</summary>
    public const int SlotCount = 8;

    /// <summary>The parent of all namespaces.</summary>
    public const string Root = "/nearcache";

    private readonly string[] _slots = [.. Enumerable.Range(0, SlotCount).Select(slot =>
        string.Create(CultureInfo.InvariantCulture, $"{Root}/{@namespace}/slots/{slot:00}"))];

    /// <summary>Gets the node of the namespace.</summary>
    public string Home { get; } = $"{Root}/{@namespace}";

    /// <summary>Gets the node with the format of all nodes below, and the number of slots. Created once.</summary>
    public string Config => Home + "/config";

    /// <summary>Gets the node of the registry.</summary>
    public string Rules => Home + "/rules";

    /// <summary>Gets the parent of the slots.</summary>
    public string Slots => Home + "/slots";

    /// <summary>Gets the parent of the members: one ephemeral node for each process.</summary>
    public string Members => Home + "/members";

    /// <summary>Returns the node of a slot.</summary>
    public string Slot(int slot) => _slots[slot];

    /// <summary>Returns the node of a process.</summary>
    public string Member(string id) => $"{Members}/{id}";
}
