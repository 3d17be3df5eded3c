using System.Globalization;

namespace NearCache.Advice.Core;

/// <summary>What a rule over some keys saves and costs, per second.</summary>
/// <param name="Reads">The reads.</param>
/// <param name="Saved">Those that a near tier answers, or would.</param>
/// <param name="Writes">The writes.</param>
internal readonly record struct Worth(double Reads, double Saved, double Writes)
{
    /// <summary>The reads that each write must save for a new rule to be worth its cost.</summary>
    public const double MinSavedPerWrite = 20;

    /// <summary>The part of the reads that a new rule must save. Keys with less are mostly read once.</summary>
    public const double MinPart = 0.5;

    // Keys that save less per write, and are written at least so often, are churning.
    private const double ChurningSavedPerWrite = 10;
    private const double ChurningWrites = 0.2;

    /// <summary>Gets whether the keys are written so often that a near tier helps little.</summary>
    public bool IsChurning => Writes >= ChurningWrites && Saved < ChurningSavedPerWrite * Writes;

    /// <summary>Gets whether the keys are worth a new rule.</summary>
    public bool IsWorthARule => Saved >= MinSavedPerWrite * Writes && Saved >= MinPart * Reads;

    /// <summary>Returns a number for people.</summary>
    public static string Text(double number) =>
        number.ToString(number >= 100 ? "#,0" : number >= 10 ? "0" : "0.##", CultureInfo.InvariantCulture);

    /// <summary>Returns a number of bytes for people.</summary>
    public static string TextOfBytes(double bytes) =>
        bytes >= 1 << 20 ? $"{Text(bytes / (1 << 20))} MiB" : bytes >= 1 << 10 ? $"{Text(bytes / (1 << 10))} KiB" : $"{Text(bytes)} bytes";
}
