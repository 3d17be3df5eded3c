namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>A value as a shop showed it.</summary>
internal sealed record DisplayedPrice(int Price, string Source)
{
    public string Text { get; init; } = "";

    public bool IsNear => Source == "near";
}
