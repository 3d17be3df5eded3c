using NearCache.Coherence.Core;

namespace NearCache.Tests.Coherence.Model;

/// <summary>The fill of a key from its source, through every interleaving of a small scope: it never undoes a change.</summary>
public sealed class LeaseModelTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void No_interleaving_of_two_fillers_brings_back_what_was_removed_or_set(bool removes)
    {
        var (states, broken, trace) = Exploration.Of(new LeaseWorld<FillProtocol>(removes));
        output.WriteLine($"[FIGURE] lease model, {(removes ? "remove" : "set")}: {states} states");
        Assert.True(broken is null, $"{broken}\n  {string.Join("\n  ", trace)}");
    }

    [Fact]
    public void Storing_without_comparing_is_caught() => Catches<BlindStore>(removes: true);

    [Fact]
    public void Comparing_with_a_CAS_that_was_read_after_the_factory_is_caught() => Catches<CasAfterFactory>(removes: false);

    [Fact]
    public void A_CAS_that_outlives_its_life_is_caught() => Catches<CasOutlivesLife>(removes: false);

    [Fact]
    public void Adding_where_there_was_no_CAS_is_caught() => Catches<AddWithoutCas>(removes: true);

    private void Catches<TProtocol>(bool removes)
        where TProtocol : struct, IFillProtocol
    {
        var (states, broken, trace) = Exploration.Of(new LeaseWorld<TProtocol>(removes));
        output.WriteLine(
            $"[FIGURE] {typeof(TProtocol).Name}: counter-example after {states} states: {broken}\n  {string.Join("\n  ", trace)}");
        Assert.NotNull(broken);
    }

    private readonly struct BlindStore : IFillProtocol
    {
        public static bool ComparesCas => false;
    }

    private readonly struct CasAfterFactory : IFillProtocol
    {
        public static bool CasBeforeFactory => false;
    }

    private readonly struct CasOutlivesLife : IFillProtocol
    {
        public static bool EndsWithLife => false;
    }

    private readonly struct AddWithoutCas : IFillProtocol
    {
        public static bool AddsWithoutCas => true;
    }
}
