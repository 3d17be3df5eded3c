using NearCache.Coherence.Core;

namespace NearCache.Tests.Coherence.Model;

// Each is the activation of rules with one tempting shortcut. They exist only here, and every one must be caught.

internal readonly struct LeaseFromSending : IRuleDesign
{
    public static Moment LeaseStarts(Moment sent, Moment received) => sent;
}

internal readonly struct LeaseOutlivesIncarnation : IRuleDesign
{
    public static bool KeepsLeases(ulong incarnation, ulong before) => true;
}

internal readonly struct BlindPut : IRuleDesign
{
    public static bool ComparesBeforeReplacing => false;
}

internal readonly struct ViewFromReceipt : IRuleDesign
{
    public static Moment ViewStarts(Moment sent, Moment received) => received;
}

internal readonly struct EntriesOutliveLeases : IRuleDesign
{
    public static bool VoidsWithLeases => false;
}

internal readonly struct SettledAtOnce : IRuleDesign
{
    public static bool HasSettled(long fillableFrom, long now) => true;
}
