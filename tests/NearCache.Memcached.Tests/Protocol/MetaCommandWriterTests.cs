using System.Text;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Tests.Protocol;

public sealed class MetaCommandWriterTests
{
    private static readonly byte[] Key = "key"u8.ToArray();

    public static TheoryData<string, string> Lines => new()
    {
        { "mg key v\r\n", Line(MetaCommand.Get(Key)) },
        { "mg key s\r\n", Line(MetaCommand.Get(Key, MetaFields.None)) },
        { "mg key v f c t l s h\r\n", Line(MetaCommand.Get(Key, (MetaFields)127)) },
        { "mg key v c t N30\r\n",
            Line(MetaCommand.Get(Key, MetaFields.Value | MetaFields.Cas | MetaFields.TimeToLive) with { Vivify = 30 }) },
        { "mg key v R30\r\n", Line(MetaCommand.Get(Key) with { Recache = 30 }) },
        { "mg key T60\r\n", Line(MetaCommand.Get(Key, MetaFields.None) with { TimeToLive = 60 }) },
        { "mg a2V5 b v\r\n", Line(MetaCommand.Get(Key) with { IsBinaryKey = true }) },
        { "ms key 5\r\n", Line(MetaCommand.Set(Key, "value"u8.ToArray())) },
        { "ms key 5 T-1\r\n", Line(MetaCommand.Set(Key, "value"u8.ToArray(), -1)) },
        { "ms key 5 c F7 ME I T60 C9\r\n",
            Line(MetaCommand.Set(Key, "value"u8.ToArray(), 60) with { Return = MetaFields.Cas, ClientFlags = 7, Mode = MetaSetMode.Add,
                Invalidate = true, CompareCas = 9 }) },
        { "ms key 0 MR\r\n", Line(MetaCommand.Set(Key, default) with { Mode = MetaSetMode.Replace }) },
        { "ms key 0 MA\r\n", Line(MetaCommand.Set(Key, default) with { Mode = MetaSetMode.Append }) },
        { "ms key 0 MP\r\n", Line(MetaCommand.Set(Key, default) with { Mode = MetaSetMode.Prepend }) },
        { "md key\r\n", Line(MetaCommand.Delete(Key)) },
        { "md key I T30 C18446744073709551615\r\n",
            Line(MetaCommand.Delete(Key) with { Invalidate = true, TimeToLive = 30, CompareCas = ulong.MaxValue }) },
        { "ma key v D1\r\n", Line(MetaCommand.Increment(Key)) },
        { "ma key v D0 J5 N0\r\n", Line(MetaCommand.Increment(Key, 0) with { Initial = 5, Vivify = 0 }) },
        { "ma key v D2 MD\r\n", Line(MetaCommand.Increment(Key, 2) with { Decrement = true }) },
        { "mn\r\n", Line(MetaCommand.NoOp()) },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public void Every_command_has_its_line(string expected, string written) => Assert.Equal(expected, written);

    [Fact]
    public void The_longest_line_fits()
    {
        var command = new MetaCommand
        {
            Kind = MetaCommandKind.Set,
            Key = new byte[186],
            IsBinaryKey = true,
            Value = new byte[1 << 20],
            Return = MetaFields.Cas,
            ClientFlags = uint.MaxValue,
            Mode = MetaSetMode.Add,
            Invalidate = true,
            TimeToLive = int.MinValue,
            CompareCas = ulong.MaxValue,
        };
        var output = new byte[MetaCommandWriter.MaxLineLength];

        Assert.InRange(MetaCommandWriter.Write(command, command.Key.Span, ulong.MaxValue, output), 250, 500);
    }

    private static string Line(MetaCommand command)
    {
        var output = new byte[MetaCommandWriter.MaxLineLength];
        return Encoding.ASCII.GetString(output, 0, MetaCommandWriter.Write(command, command.Key.Span, null, output));
    }
}
