using System.Globalization;

namespace NearCache.Coherence.Ensemble;

/// <summary>Where a namespace lies in ZooKeeper.</summary>
/// <remarks>docs/formats.md, "ZooKeeper".</remarks>
internal sealed class NamespacePaths(string @namespace)
{
    /// <summary>How many slots there are.</summary>
    public const int SlotCount = 8;

    /// <summary>What all namespaces lie under.</summary>
    public const string Root = "/nearcache";

    private readonly string[] _slots = [.. Enumerable.Range(0, SlotCount).Select(slot => string.Create(CultureInfo.InvariantCulture, $"{Root}/{@namespace}/slots/{slot:00}"))];

    /// <summary>The namespace's own node.</summary>
    public string Home { get; } = $"{Root}/{@namespace}";

    /// <summary>The format of everything below, and the number of slots. Created once.</summary>
    public string Config => Home + "/config";

    /// <summary>The registry of the rules.</summary>
    public string Rules => Home + "/rules";

    /// <summary>What the slots lie under.</summary>
    public string Slots => Home + "/slots";

    /// <summary>One ephemeral node a process lies under it.</summary>
    public string Members => Home + "/members";

    /// <summary>One slot.</summary>
    public string Slot(int slot) => _slots[slot];

    /// <summary>The node of one process.</summary>
    public string Member(string id) => $"{Members}/{id}";
}
