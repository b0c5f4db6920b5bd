using System.Security.Cryptography;

namespace Granary.Catalog.Tests;

public sealed class SecretProtectorTests
{
    private static readonly byte[] First = [.. Enumerable.Repeat((byte)1, 32)];
    private static readonly byte[] Second = [.. Enumerable.Repeat((byte)2, 32)];

    [Fact]
    public void A_secret_comes_back_for_its_purpose_and_no_two_records_are_alike()
    {
        var protector = new SecretProtector(First);
        var record = protector.Protect("secret"u8, "store/1"u8);
        Assert.Equal("secret"u8.ToArray(), protector.Unprotect(record, "store/1"u8));
        Assert.NotEqual(record, protector.Protect("secret"u8, "store/1"u8));
        Assert.Equal(-1, record.AsSpan().IndexOf("secret"u8));
        Assert.ThrowsAny<CryptographicException>(() => protector.Unprotect(record, "store/2"u8));
    }

    [Fact]
    public void A_replaced_key_still_reads_old_records_and_a_missing_one_does_not()
    {
        var old = new SecretProtector(First).Protect("secret"u8, "p"u8);
        Assert.Equal("secret"u8.ToArray(), new SecretProtector(Second, First).Unprotect(old, "p"u8));
        Assert.ThrowsAny<CryptographicException>(() => new SecretProtector(Second).Unprotect(old, "p"u8));
    }

    [Fact]
    public void A_record_with_any_byte_changed_or_missing_is_refused()
    {
        var protector = new SecretProtector(First);
        var record = protector.Protect("secret"u8, "p"u8);
        for (var i = 0; i < record.Length; i++)
        {
            var damaged = record.ToArray();
            damaged[i] ^= 1;
            Assert.ThrowsAny<CryptographicException>(() => protector.Unprotect(damaged, "p"u8));
            Assert.ThrowsAny<CryptographicException>(() => protector.Unprotect(record.AsSpan(0, i), "p"u8));
        }
    }

    [Fact]
    public void A_key_of_another_length_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new SecretProtector(new byte[16]));
        Assert.Throws<ArgumentException>(() => new SecretProtector());
    }
}
