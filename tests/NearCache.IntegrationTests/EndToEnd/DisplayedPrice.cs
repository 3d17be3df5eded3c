namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>A price as the storefront displayed it.</summary>
internal sealed record DisplayedPrice(int Price, string Source)
{
    public string Text { get; init; } = "";

    public bool IsNear => Source == "near";
}
