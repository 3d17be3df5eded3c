namespace NearCache.Advice.Core;

/// <summary>Chooses the prefixes of proposed rules: few, specific, and none that covers keys which no rule should cover.</summary>
/// <param name="prefixes">The busiest prefixes.</param>
/// <param name="keys">The hottest keys without a rule, whose names are known.</param>
/// <param name="limits">What a rule may cost.</param>
/// <param name="least">The reads per second that a rule must save.</param>
internal sealed class PrefixChoice(
    IReadOnlyCollection<HotPrefix> prefixes, IReadOnlyCollection<HotKey> keys, AdviceLimits limits, double least)
{
    // A shorter prefix must save so much more than the longer ones below it.
    private const double MoreThanParts = 1.15;

    // Above so many longer prefixes the shorter one is chosen, if it is worth a rule.
    private const int MaxParts = 3;

    // A prefix that is bad by its name alone matters for a shorter one if it has this part of its events.
    private const double RelevantPart = 0.01;

    // The bytes of an entry besides its value, about.
    private const long EntryOverhead = 300;

    private readonly List<HotPrefix> _sorted = [.. prefixes.OrderBy(prefix => prefix.Prefix, StringComparer.Ordinal)];

    /// <summary>Returns the chosen prefixes.</summary>
    public IReadOnlyList<HotPrefix> Choose() => [.. Choose(within: null)];

    /// <summary>Returns the busy prefixes that no rule should cover, with the reasons. Those below another one are left out.</summary>
    public IEnumerable<KeysNotProposed> Refused()
    {
        List<string> told = [];
        foreach (var prefix in _sorted.Where(prefix => EventsOf(prefix) >= 1))
        {
            if (!told.Exists(other => prefix.Prefix.StartsWith(other, StringComparison.Ordinal)) && ReasonAgainst(prefix) is { } reason)
            {
                told.Add(prefix.Prefix);
                yield return new KeysNotProposed
                {
                    Keys = prefix.Prefix + "*",
                    Nature = prefix.Nature,
                    Reason = reason,
                    ReadsPerSecond = prefix.RemoteReadsPerSecond,
                    WritesPerSecond = prefix.WritesPerSecond,
                };
            }
        }
    }

    /// <summary>Returns the estimated bytes of near entries.</summary>
    public static long BytesOf(long entries, long? meanBytes) => entries * ((meanBytes ?? 0) + EntryOverhead);

    private IEnumerable<HotPrefix> Choose(HotPrefix? within)
    {
        foreach (var prefix in ChildrenOf(within))
        {
            HotPrefix[] parts = [.. Choose(prefix)];
            var isBetter = parts.Length > MaxParts
                || prefix.SavableReadsPerSecond >= MoreThanParts * parts.Sum(part => part.SavableReadsPerSecond);
            foreach (var chosen in isBetter && IsWorthARule(prefix) ? [prefix] : parts)
            {
                yield return chosen;
            }
        }
    }

    private IEnumerable<HotPrefix> ChildrenOf(HotPrefix? within) => Below(within)
        .Where(prefix => !Below(within).Any(other => other != prefix && IsBelow(prefix, other)));

    private IEnumerable<HotPrefix> Below(HotPrefix? within) =>
        within is null ? _sorted : _sorted.Where(prefix => prefix != within && IsBelow(prefix, within));

    private static bool IsBelow(HotPrefix prefix, HotPrefix other) => prefix.Prefix.StartsWith(other.Prefix, StringComparison.Ordinal);

    private bool IsWorthARule(HotPrefix prefix) =>
        prefix.SavableReadsPerSecond >= least
            && WorthOf(prefix).IsWorthARule
            && ReasonAgainst(prefix) is null
            && !Below(prefix).Any(part => IsBad(part, prefix))
            && !keys.Any(key => key.Key.StartsWith(prefix.Prefix, StringComparison.Ordinal) && IsBad(key));

    private string? ReasonAgainst(HotPrefix prefix)
    {
        var worth = WorthOf(prefix);
        var figures = $"{Worth.Text(worth.Reads)} reads and {Worth.Text(worth.Writes)} writes a second";
        return prefix.Nature switch
        {
            KeyNature.Lock => $"The keys look like locks, which change with every use: {figures}.",
            KeyNature.Session => $"The keys look like sessions, which one user reads and extends: {figures}.",
            KeyNature.Counter => $"The keys look like counters, which are read to be written: {figures}.",
            _ when worth.IsChurning => $"The keys are written too often for what they are read: {figures}.",
            _ when worth.Writes > limits.FleetWrites || prefix.WritesPerSecondInOneProcess > limits.ProcessWrites =>
                $"The keys are written too often, so a rule would be suspended: {figures}.",
            _ when worth.Reads >= least && worth.Saved < Worth.MinPart * worth.Reads =>
                $"Most keys are read once and not again soon: of {Worth.Text(worth.Reads)} reads a second a near tier would answer "
                    + $"{Worth.Text(worth.Saved)}.",
            _ when prefix.NearEntries > limits.Entries || BytesOf(prefix.NearEntries, prefix.MeanBytes) > limits.Bytes =>
                $"There are too many keys: a process would keep {Worth.Text(prefix.NearEntries)} entries of "
                    + $"{Worth.TextOfBytes(BytesOf(prefix.NearEntries, prefix.MeanBytes))} near.",
            _ => null,
        };
    }

    private static bool IsBad(HotPrefix part, HotPrefix whole) =>
        WorthOf(part).IsChurning || (part.Nature != KeyNature.Unknown && EventsOf(part) >= RelevantPart * EventsOf(whole));

    // A word in the name of one key alone says little: the key may be an article of a shop.
    private static bool IsBad(HotKey key) => new Worth(key.RemoteReadsPerSecond, key.SavableReadsPerSecond, key.WritesPerSecond).IsChurning;

    private static Worth WorthOf(HotPrefix prefix) =>
        new(prefix.RemoteReadsPerSecond, prefix.SavableReadsPerSecond, prefix.WritesPerSecond);

    private static double EventsOf(HotPrefix prefix) => prefix.RemoteReadsPerSecond + prefix.WritesPerSecond;
}
