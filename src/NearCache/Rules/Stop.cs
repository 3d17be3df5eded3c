namespace NearCache.Rules;

/// <summary>A stamp that switches a rule, or near caching as a whole, off in every process of the namespace.</summary>
/// <param name="Id">
/// Names it for good; an edit of the registry clears it by this. 1 to 64 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>.
/// </param>
/// <param name="Rule">The rule that is stopped; null: the whole namespace.</param>
/// <param name="Who">Who or what put it.</param>
/// <param name="Why">Why.</param>
/// <param name="When">When, in UTC, by the clock of who put it.</param>
internal sealed record Stop(string Id, string? Rule, string Who, string Why, DateTimeOffset When)
{
    /// <summary>The longest <see cref="Who"/>, in characters.</summary>
    public const int MostWho = 100;

    /// <summary>The longest <see cref="Why"/>, in characters.</summary>
    public const int MostWhy = 300;

    /// <summary>The most of <see cref="Others"/> that is kept, in characters.</summary>
    public const int MostOthers = 300;

    /// <summary>Members of its JSON that are not known here.</summary>
    public UnknownMembers Others { get; init; } = UnknownMembers.None;

    /// <summary>
    /// Whether it was written on a server by hand, without a time: all processes must make the same stop of the same text.
    /// </summary>
    public bool IsByHand => When == DateTimeOffset.UnixEpoch;

    /// <summary>A stop that did not exist before.</summary>
    public static Stop Now(string? rule, string who, string why, DateTimeOffset now) =>
        new(Guid.CreateVersion7(now).ToString("N"), rule, Cut(who, MostWho), Cut(why, MostWhy), Whole(now));

    internal static string Cut(string text, int most) => text.Length <= most ? text : text[..most];

    // Stored in whole milliseconds: a stop must equal itself after a journey.
    private static DateTimeOffset Whole(DateTimeOffset time) => DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());
}
