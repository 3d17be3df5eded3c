namespace NearCache.IntegrationTests;

/// <summary>How much the end-to-end tests do: enough for every change by default, all of it with <c>NEARCACHE_FULL=1</c>.</summary>
internal static class TestScale
{
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("NEARCACHE_FULL") == "1";

    public static int Of(int quick, int full) => IsFull ? full : quick;
}
