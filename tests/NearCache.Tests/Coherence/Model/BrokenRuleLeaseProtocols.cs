using NearCache.Coherence.Core;
using NearCache.Coherence.ServerRules.Core;

namespace NearCache.Tests.Coherence.Model;

// Each is the activation of rules with one tempting shortcut. They exist only here, and every one must be caught.

internal readonly struct LeaseFromSending : IRuleLeaseProtocol
{
    public static Timestamps LeaseStarts(Timestamps sent, Timestamps received) => sent;
}

internal readonly struct LeaseOutlivesIncarnation : IRuleLeaseProtocol
{
    public static bool KeepsLeases(ulong incarnation, ulong before) => true;
}

internal readonly struct BlindPut : IRuleLeaseProtocol
{
    public static bool ComparesBeforeReplacing => false;
}

internal readonly struct ViewFromReceipt : IRuleLeaseProtocol
{
    public static Timestamps ViewStarts(Timestamps sent, Timestamps received) => received;
}

internal readonly struct EntriesOutliveLeases : IRuleLeaseProtocol
{
    public static bool VoidsWithLeases => false;
}

internal readonly struct SettledAtOnce : IRuleLeaseProtocol
{
    public static bool HasSettled(long fillableFrom, long now) => true;
}
