namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>A value as a shop showed it.</summary>
internal sealed record Seen(int Price, string Source)
{
    public string Text { get; init; } = "";

    public bool IsNear => Source == "near";
}
