using NearCache.Coherence.Carriers;
using NearCache.Coherence.Core;

namespace NearCache.Tests.Coherence.Carriers;

/// <summary>Several carriers: through which a process announces, and how long audits wait.</summary>
public sealed class CarrierSetTests
{
    private readonly CarrierSet _set = new();
    private readonly Carrier _slots = new() { ExpectedDelay = 1_000 };
    private readonly Carrier _messages = new() { ExpectedDelay = 1 };

    [Fact]
    public void Without_a_carrier_that_delivers_audits_do_not_wait()
    {
        Assert.Equal(0, _set.Patience(5_000));
        _set.Add(_slots, announces: true);
        _set.Add(_messages, announces: true);
        Assert.Equal(0, _set.Patience(5_000));
    }

    [Fact]
    public void Audits_wait_for_the_fastest_carrier_that_delivers()
    {
        _set.Add(_slots, announces: true);
        _set.Add(_messages, announces: true);
        _slots.IsDelivering = true;
        Assert.Equal(2_500, _set.Patience(5_000));
        _messages.IsDelivering = true;
        Assert.Equal(1_000, _set.Patience(5_000));
        _slots.IsDelivering = false;
        Assert.Equal(1_000, _set.Patience(5_000));
    }

    [Fact]
    public void Only_the_chosen_carriers_announce()
    {
        _set.Add(_slots, announces: false);
        _set.Add(_messages, announces: true);
        _set.Announce(1, 2, new byte[] { 3 }, new MutationVersion(4, 5));
        Assert.Equal((0, 1, 2), (_slots.Announced, _messages.Announced, _set.All.Count));
    }

    private sealed class Carrier : ICarrier
    {
        public string Name => "carrier";

        public bool IsDelivering { get; set; }

        public long ExpectedDelay { get; init; }

        public int Announced { get; private set; }

        public void Announce(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion? version) => Announced++;

        public CarrierSnapshot Snapshot() => throw new NotSupportedException();
    }
}
