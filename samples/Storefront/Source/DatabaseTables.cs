namespace Storefront.Source;

/// <summary>The content of the database.</summary>
internal sealed record DatabaseTables
{
    public Dictionary<int, Product> Products { get; init; } = [];

    public Dictionary<string, string> Parameters { get; init; } = [];

    /// <summary>The initial content.</summary>
    public static DatabaseTables Initial() => new()
    {
        Products = new()
        {
            [1] = new Product(1, "Yellow raincoat", 89.90m),
            [2] = new Product(2, "Storm umbrella", 34.50m),
            [3] = new Product(3, "Rubber boots", 49.00m),
        },
        Parameters = new()
        {
            ["banner"] = "Free delivery until Sunday",
            ["delivery"] = "4.90",
        },
    };
}
