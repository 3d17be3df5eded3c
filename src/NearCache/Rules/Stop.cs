namespace NearCache.Rules;

/// <summary>A stop: switches a rule, or near caching as a whole, off in every process of the namespace until it is cleared.</summary>
/// <param name="Id">
/// The unique name of the stop, by which an edit clears it: 1 to 64 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>.
/// </param>
/// <param name="Rule">The stopped rule; null for the whole namespace.</param>
/// <param name="Who">The author.</param>
/// <param name="Why">The reason.</param>
/// <param name="When">The time, in UTC, by the clock of the author's machine.</param>
internal sealed record Stop(string Id, string? Rule, string Who, string Why, DateTimeOffset When)
{
    /// <summary>The longest <see cref="Who"/>, in characters.</summary>
    public const int MaxWho = 100;

    /// <summary>The longest <see cref="Why"/>, in characters.</summary>
    public const int MaxWhy = 300;

    /// <summary>The most of <see cref="Others"/> that is kept, in characters.</summary>
    public const int MaxOthers = 300;

    /// <summary>Gets whether the program that put it has verified the identity of <see cref="Who"/>.</summary>
    public bool IsVerified { get; init; }

    /// <summary>Gets the unknown members of its JSON.</summary>
    public UnknownMembers Others { get; init; } = UnknownMembers.None;

    /// <summary>
    /// Gets whether it was put on a server by hand, without a time: all processes must derive the same stop from the same text.
    /// </summary>
    public bool IsByHand => When == DateTimeOffset.UnixEpoch;

    /// <summary>Creates a new stop.</summary>
    public static Stop Now(string? rule, string who, string why, DateTimeOffset now, bool isVerified = false) =>
        new(Guid.CreateVersion7(now).ToString("N"), rule, Cut(who, MaxWho), Cut(why, MaxWhy), Whole(now)) { IsVerified = isVerified };

    internal static string Cut(string text, int most) => text.Length <= most ? text : text[..most];

    // Truncated to milliseconds, so that a stop equals itself after it was stored and read.
    private static DateTimeOffset Whole(DateTimeOffset time) => DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());
}
