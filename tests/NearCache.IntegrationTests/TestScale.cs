namespace NearCache.IntegrationTests;

/// <summary>The size of the end-to-end tests: reduced by default, full with <c>NEARCACHE_FULL=1</c>.</summary>
internal static class TestScale
{
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("NEARCACHE_FULL") == "1";

    public static int Of(int quick, int full) => IsFull ? full : quick;
}
